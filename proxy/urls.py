"""The API's routes. ``views/`` holds one module per kind of endpoint."""

from typing import Any

from django.urls import URLPattern, URLResolver, include, path

from proxy.views.client_secrets import ClientSecretsView, RealtimeSessionsView
from proxy.views.completions import ChatCompletionsView, CompletionsView
from proxy.views.conversations import (
    ConversationItemsView,
    ConversationItemView,
    ConversationsView,
    ConversationView,
)
from proxy.views.images import ImageEditsView, ImageGenerationsView, ImageVariationsView
from proxy.views.inference import (
    EmbeddingsView,
    ModerationsView,
    RerankView,
)
from proxy.views.limits import LimitsView
from proxy.views.messages import CountTokensView, MessagesView
from proxy.views.models import ConnectionModelListView, ModelDetailView, ModelListView
from proxy.views.open_webui import ConfigUpdateView, ConfigView, VerifyView
from proxy.views.passthrough import PassthroughView
from proxy.views.response_inputs import CompactView, InputTokensView
from proxy.views.responses import ResponsesView
from proxy.views.resumable import ResumedStreamView
from proxy.views.stored_responses import (
    CancelResponseView,
    InputItemsView,
    ResponseDetailView,
)
from proxy.views.usage import UsageView

# Where a model is called. Azure's clients put the model in front of these. The order counts: the
# longer of two paths that end alike comes first, or else its beginning would pass for a model's.
model_calls: dict[str, Any] = {
    "chat/completions": ChatCompletionsView.as_view(),
    "completions": CompletionsView.as_view(),
    "embeddings": EmbeddingsView.as_view(),
    "images/generations": ImageGenerationsView.as_view(),
    "images/edits": ImageEditsView.as_view(),
    "images/variations": ImageVariationsView.as_view(),
    "moderations": ModerationsView.as_view(),
    "rerank": RerankView.as_view(),
}

model_lists: list[URLPattern | URLResolver] = [
    path("models", ModelListView.as_view()),
    path("models/<path:model_id>", ModelDetailView.as_view()),
]

openai_surface: list[URLPattern | URLResolver] = [
    *(path(route, view) for route, view in model_calls.items()),
    path("chat/completions/<str:request_id>/stream", ResumedStreamView.as_view()),
    path("responses", ResponsesView.as_view()),
    path("responses/compact", CompactView.as_view()),
    path("responses/input_tokens", InputTokensView.as_view()),
    path("responses/<path:response_id>/cancel", CancelResponseView.as_view()),
    path("responses/<path:response_id>/input_items", InputItemsView.as_view()),
    path("responses/<path:response_id>", ResponseDetailView.as_view()),  # base64 may hold a slash
    path("realtime/client_secrets", ClientSecretsView.as_view()),
    path("realtime/sessions", RealtimeSessionsView.as_view()),
    path("conversations", ConversationsView.as_view()),
    path("conversations/<str:conversation_id>", ConversationView.as_view()),
    path("conversations/<str:conversation_id>/items", ConversationItemsView.as_view()),
    path("conversations/<str:conversation_id>/items/<str:item_id>", ConversationItemView.as_view()),
    path("usage", UsageView.as_view()),
    path("limits", LimitsView.as_view()),
    *model_lists,
]

azure_surface: list[URLPattern | URLResolver] = [
    path(f"deployments/<path:deployment>/{route}", view) for route, view in model_calls.items()
]

open_webui_surface: list[URLPattern | URLResolver] = [
    path("config", ConfigView.as_view()),
    path("config/update", ConfigUpdateView.as_view()),
    path("verify", VerifyView.as_view()),
    path("passthrough/<str:connection>/<path:path>", PassthroughView.as_view()),
    path("models/<int:url_index>", ConnectionModelListView.as_view()),
    path("", include(openai_surface)),
]

anthropic_surface: list[URLPattern | URLResolver] = [
    path("messages", MessagesView.as_view()),
    path("messages/count_tokens", CountTokensView.as_view()),
]

urlpatterns = [
    path("v1/", include(anthropic_surface)),
    path("anthropic/v1/", include(anthropic_surface)),
    path("anthropic/v1/", include(model_lists)),
    path("v1/", include(openai_surface)),
    path("openai/v1/", include(openai_surface)),
    path("v2/rerank", RerankView.as_view()),  # Cohere's second version
    path("openai/", include(azure_surface)),
    path("openai/", include(open_webui_surface)),
    path("", include(openai_surface)),  # for clients whose base URL lacks the /v1
]

# A path that begins with one of these belongs to the API.
API_SEGMENTS = frozenset(
    {"v1", "v2", "openai", "anthropic"}
    | {str(route.pattern).split("/")[0] for route in openai_surface}
)
