"""The routes of ``/v1/me`` and of the API's description, wherever OpenAI's clients look."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from portal.api.keys import KeyDetailView, KeyRotationView, KeysView
from portal.api.views import (
    MeView,
    MyAccessDetailView,
    MyAccessView,
    MyModelsView,
    MyModelView,
    MyRequestsView,
    MyRequestView,
    MyUsageView,
)
from portal.openapi.api_view import OpenApiView
from proxy.views.limits import LimitsView

openai_surface: list[URLPattern | URLResolver] = [
    path("openapi.json", OpenApiView.as_view()),
    path("me", MeView.as_view()),
    path("me/keys", KeysView.as_view()),
    path("me/keys/<str:key_id>", KeyDetailView.as_view()),
    path("me/keys/<str:key_id>/rotate", KeyRotationView.as_view()),
    path("me/models", MyModelsView.as_view()),
    path("me/models/<path:model_id>", MyModelView.as_view()),
    path("me/usage", MyUsageView.as_view()),
    path("me/requests", MyRequestsView.as_view()),
    path("me/requests/<str:request_id>", MyRequestView.as_view()),
    path("me/limits", LimitsView.as_view()),
    path("me/access-requests", MyAccessView.as_view()),
    path("me/access-requests/<int:access_id>", MyAccessDetailView.as_view()),
]

urlpatterns = [
    path("v1/", include(openai_surface)),
    path("openai/v1/", include(openai_surface)),
    path("openai/", include(openai_surface)),
    path("", include(openai_surface)),
]

API_SEGMENTS = frozenset({"me", "openapi.json"})
