"""The routes of audio, on each surface that OpenAI's and Azure's clients know."""

from typing import Any

from django.urls import URLPattern, URLResolver, include, path

from audio.views.listening import TranscriptionsView, TranslationsView
from audio.views.speech import SpeechView
from audio.views.voices import VoicesView

model_calls: dict[str, Any] = {
    "audio/speech": SpeechView.as_view(),
    "audio/transcriptions": TranscriptionsView.as_view(),
    "audio/translations": TranslationsView.as_view(),
}

openai_surface: list[URLPattern | URLResolver] = [
    *(path(route, view) for route, view in model_calls.items()),
    path("audio/voices", VoicesView.as_view()),
]

azure_surface: list[URLPattern | URLResolver] = [
    path(f"deployments/<path:deployment>/{route}", view) for route, view in model_calls.items()
]

urlpatterns = [
    path("v1/", include(openai_surface)),
    path("openai/v1/", include(openai_surface)),
    path("openai/", include(azure_surface)),
    path("openai/", include(openai_surface)),
    path("", include(openai_surface)),
]

API_SEGMENTS = frozenset({"audio"})
