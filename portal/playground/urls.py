"""The page of the playground, and what its script asks for."""

from django.urls import path

from portal.playground import views

app_name = "playground"

urlpatterns = [
    path("playground", views.start, name="start"),
    path("portal/playground-token", views.token, name="token"),
    path("portal/playground-models", views.models, name="models"),
    path("portal/playground-requests/<str:request_id>", views.outcome, name="outcome"),
]
