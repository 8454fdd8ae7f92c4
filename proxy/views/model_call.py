"""The base of every endpoint whose JSON body names a model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from connections.call import Call
from models_registry.registry import active
from models_registry.targets import Target
from proxy.answering.candidates import Candidates
from proxy.answering.demand import demand_of
from proxy.answering.dispatched import Dispatched
from proxy.answering.routing import check_model_id, default_model, model_of, route
from proxy.answering.streamed import relay_answer
from proxy.answering.whole import read_answer
from proxy.api import ApiView
from proxy.client_side.errors import InvalidRequestError
from proxy.client_side.rendering import JsonResponse
from proxy.client_side.request_headers import passed_upstream
from proxy.client_side.response_headers import passed_on
from proxy.filters.chain import filter_chain_for
from proxy.references.ownership import permitted
from usage.exchange import Exchange, Surface
from wire_formats.chat.dialect import CHAT
from wire_formats.dialect import Dialect
from wire_formats.json_types import JsonObject

LONGEST_CHAT_ID = 512  # OpenAI's own limit for a value of metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """A field without which no upstream could answer, under any of ``names``."""

    names: tuple[str, ...]
    kinds: tuple[type, ...]
    hint: str

    def check(self, body: JsonObject) -> None:
        """Raises ``InvalidRequestError`` with the hint."""
        if not any(isinstance(body.get(name), self.kinds) for name in self.names):
            raise InvalidRequestError(self.hint, param=self.names[0])


class ModelCallView(ApiView):
    """``POST``: routed by the model, sent to the first target that takes it, answered as asked.

    Subclasses say what is theirs. ``endpoint`` is the path below a base URL. ``is_streamable`` says
    whether ``stream: true`` has a meaning there. ``default_models`` are tried in order where a
    request may leave the model out. ``passed_headers`` are those of the client's that
    go upstream.
    """

    endpoint: ClassVar[str]
    required: ClassVar[tuple[Required, ...]] = ()
    default_models: ClassVar[tuple[str, ...]] = ()
    is_streamable: ClassVar[bool] = False
    dialect: ClassVar[Dialect] = CHAT
    surface: ClassVar[Surface] = Surface.OPENAI
    passed_headers: ClassVar[tuple[str, ...]] = ("openai-beta",)

    async def post(self, request: Request, deployment: str = "") -> HttpResponseBase:
        """``deployment`` is the model where the path names it, as Azure's clients have it."""
        body = await self.understood()
        self.check(body)
        chain = filter_chain_for(self.endpoint, self.caller)
        if chain is not None:
            body = await chain.inlet(body)
        if self.default_models and not deployment and body.get("model") is None:
            default = await default_model(active(), self.caller, self.default_models)
            body = body | {"model": default}
        model = self.model(body, deployment)
        exchange = self.accept(
            endpoint=self.endpoint,
            model=model,
            is_streamed=self.is_streamable and body.get("stream") is True,
            surface=Surface.AZURE if deployment else self.surface,
        )
        if exchange.is_streamed:
            self.api_request.outgoing.expect_stream(self.dialect)
        response = await self.answer(body, model, exchange)
        return response if chain is None else await chain.filtered(response)

    async def understood(self) -> JsonObject:
        """The client's body in the form of the endpoint. Raises ``UnsendableError``."""
        return self.payload

    async def answer(self, body: JsonObject, model: str, exchange: Exchange) -> HttpResponseBase:
        """The response of the first of the model's targets that accepts the request."""
        dispatched = await self.sent(body, model, exchange)
        if exchange.is_streamed:
            return await self.streamed(dispatched, exchange, body)
        return await self.whole(dispatched, exchange)

    def check(self, body: JsonObject) -> None:
        """Raises ``InvalidRequestError`` for a body that no upstream could answer."""
        for field in self.required:
            field.check(body)
        if not isinstance(body.get("stream", False), bool | None):
            raise InvalidRequestError("`stream` must be a boolean.", param="stream")

    def model(self, body: JsonObject, deployment: str) -> str:
        """The model that is authorised and called: the one of the path where there is one."""
        if deployment:
            check_model_id(deployment)
            return deployment
        return model_of(body)

    async def sent(self, body: JsonObject, model: str, exchange: Exchange) -> Dispatched:
        """The answer of one of the model's targets, or of those that its route falls back to."""
        return await self.dispatched(
            await self.candidates_for(body, model),
            exchange,
            fallback=partial(self.candidates_for, body),
        )

    async def candidates_for(self, body: JsonObject, model: str) -> Candidates:
        """The targets of ``model`` that may be sent ``body`` on behalf of the caller.

        Raises ``ApiError`` where the caller may not use the model, or what the body refers to.
        """
        targets, options = await route(active(), self.caller, model, endpoint=self.endpoint)
        targets = await self.allowed(self.eligible(targets))
        body = self.readable(body, targets)
        allowed = await permitted(body, targets, self.caller)
        return self.candidates(
            model,
            allowed.targets,
            lambda target: self.call_for(target, allowed.body(target, body)),
            options,
            partial(demand_of, self.endpoint, body),
        )

    def eligible(self, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """Those of the model's targets that have the endpoint."""
        return targets

    async def allowed(self, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """Those that may see what the client's own body refers to, where another is sent."""
        return targets

    def readable(self, body: JsonObject, targets: tuple[Target, ...]) -> JsonObject:
        """``body`` without what none of ``targets`` would be sent."""
        return body

    def call_for(self, target: Target, body: JsonObject) -> Call:
        """The call for ``target``."""
        return self.call(
            self.endpoint,
            target.model,
            target.body(body, self.endpoint),
            chat_id=chat_id_of(body),
            is_reasoning=target.is_reasoning,
            family_facts=target.registration.family_facts,
            headers=passed_upstream(self.api_request.META, self.passed_headers),
        )

    async def whole(self, dispatched: Dispatched, exchange: Exchange) -> HttpResponseBase:
        """The upstream's answer in one piece, byte for byte."""
        body = await read_answer(dispatched, exchange)
        return JsonResponse(body, headers=passed_on(dispatched.response.headers.raw))

    async def streamed(
        self, dispatched: Dispatched, exchange: Exchange, body: JsonObject
    ) -> HttpResponseBase:
        """The upstream's answer as it comes, once its first event shows that it is one."""
        return await relay_answer(
            dispatched, exchange, dialect=self.dialect, keeps_usage=asks_for_usage(body)
        )


def asks_for_usage(body: JsonObject) -> bool:
    """Whether the client wants the chunk with the token counts."""
    options: Any = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def chat_id_of(body: JsonObject) -> str:
    """The conversation the request belongs to, as Open WebUI's clients tell it; else empty.

    It goes into headers, which are no place for what is longer than an id.
    """
    metadata: Any = body.get("metadata")
    chat_id = metadata.get("chat_id") if isinstance(metadata, dict) else None
    return chat_id if isinstance(chat_id, str) and len(chat_id) <= LONGEST_CHAT_ID else ""
