"""``GET /v1/models`` and ``GET /v1/models/{id}``"""

from __future__ import annotations

from django.conf import settings
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.administration import CONNECTION_MODELS
from connections.hops import read_hops
from models_registry.registry import Registry, active
from proxy.api import ApiView
from proxy.client_side.errors import AnsweredError, ModelNotFoundError
from proxy.client_side.permissions import MayAdminister
from proxy.client_side.rendering import JsonResponse
from proxy.views.anthropic import AnthropicSurface
from wire_formats.json_types import JsonObject
from wire_formats.messages.model_list import model_info, model_page


class EitherSurface(AnthropicSurface):
    """Anthropic's clients ask at the same paths as OpenAI's, and say so with a header."""

    @property
    def is_anthropic(self) -> bool:
        return "HTTP_ANTHROPIC_VERSION" in self.api_request.META


class ModelListView(EitherSurface):
    """Every model the caller may chat with; with ``?all=true`` those for other endpoints, too.

    ``GATEWAY_LIST_EVERY_MODEL`` makes that the default, which ``?all=false`` turns off.

    A gateway is not shown what would lead back to it.
    The last known list is shown while a new one is fetched.
    """

    async def get(self, request: Request) -> HttpResponseBase:
        registry = await current_registry()
        view = registry.snapshot.view(self.caller)
        if not lists_all(request.query_params.get("all", "")):
            view = view.for_chat()
        hops = request.META.get("HTTP_X_GATEWAY_HOPS", "")
        if hops:
            view = view.beside(read_hops(hops))
        if self.is_anthropic:
            return JsonResponse(model_page(view.entries()))
        return JsonResponse(view.rendered_for_gateway if hops else view.rendered)


class ModelDetailView(EitherSurface):
    async def get(self, request: Request, model_id: str) -> HttpResponseBase:
        registry = active()
        await registry.settled(lambda: self._entry(model_id) is not None)
        entry = self._entry(model_id)
        if entry is None:
            raise ModelNotFoundError(model_id)
        return JsonResponse(model_info(entry) if self.is_anthropic else entry)

    def _entry(self, model_id: str) -> JsonObject | None:
        return active().snapshot.view(self.caller).entry(model_id)


class ConnectionModelListView(ApiView):
    """``GET /openai/models/{url_idx}``: what one connection offers."""

    permission_classes = (MayAdminister,)
    administers = CONNECTION_MODELS

    async def get(self, request: Request, url_index: int) -> HttpResponseBase:
        snapshot = (await current_registry()).snapshot
        if all(connection.upstream.url_index != url_index for connection in snapshot.connections):
            raise AnsweredError(
                f"There is no enabled connection with the index {url_index}.",
                status=404,
                kind="invalid_request_error",
                code="not_found",
            )
        return JsonResponse(snapshot.view(self.caller).rendered_of(url_index))


def lists_all(asked: str) -> bool:
    """Whether models for other endpoints than chats are listed: as ``asked``, or as set."""
    if asked:
        return asked.lower() in {"true", "1"}
    is_set: bool = settings.GATEWAY_LIST_EVERY_MODEL
    return is_set


async def current_registry() -> Registry:
    """The registry, once it has heard from every upstream; news are fetched behind the answer."""
    registry = active()
    await registry.settled()
    registry.refresh_if_older_than(registry.snapshot.options.models_cache_ttl)
    return registry
