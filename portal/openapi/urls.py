"""The pages about the API."""

from django.urls import path

from portal.openapi.pages import docs, download

app_name = "openapi"

urlpatterns = [
    path("docs", docs, name="docs"),
    path("docs/openapi.json", download, name="download"),
]
