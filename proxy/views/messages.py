"""Anthropic's Messages API, onto every upstream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.http.response import HttpResponseBase

from connections.call import Call
from models_registry.registry import active
from models_registry.targets import Target
from proxy.answering.dispatch import Dispatched
from proxy.answering.routing import route
from proxy.answering.streamed import ChangedEvents, relay_answer
from proxy.answering.whole import read_answer
from proxy.client_side.relayed import RelayResponse
from proxy.client_side.rendering import JsonResponse
from proxy.client_side.response_headers import passed_on
from proxy.references.made import ids_in_message
from proxy.references.ownership import permitted
from proxy.references.stored_responses import stored_responses
from proxy.views.anthropic import AnthropicSurface
from proxy.views.model_call import ModelCallView, Required
from usage.exchange import Exchange, Surface
from wire_formats.dialect import Meaning
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.json_cost import read_aside
from wire_formats.json_numbers import load_json, read_json
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.messages.answer_from_chat import message_of
from wire_formats.messages.dialect import MESSAGES, MessagesDialect
from wire_formats.messages.estimate import estimated_tokens
from wire_formats.messages.request_to_chat import chat_body, left_out
from wire_formats.messages.stream_from_chat import TRANSLATED_CHAT, MessageEvents
from wire_formats.payload import DROPPED_HEADER, header_value
from wire_formats.sse import data_of
from wire_formats.token_counts import Tokens, read_messages_usage

CONTAINER = b'"container"'
ESTIMATED_HEADER = "x-gateway-estimated"
REQUIRED_MESSAGES = Required(
    names=("messages",), kinds=(list,), hint="`messages` must be an array."
)


class MessagesView(AnthropicSurface, ModelCallView):
    """As it came to upstreams that speak Messages; as a chat to all others."""

    endpoint = "messages"
    surface = Surface.ANTHROPIC
    required = (REQUIRED_MESSAGES,)
    is_streamable = True
    dialect = MESSAGES
    passed_headers = ("anthropic-version", "anthropic-beta")

    def call_for(self, target: Target, body: JsonObject) -> Call:
        call = super().call_for(target, body)
        if speaks_messages(target):
            return call
        chat = target.body(chat_body(body), CHAT_COMPLETIONS)
        return replace(call, endpoint=CHAT_COMPLETIONS, body=chat, headers=())

    async def whole(self, dispatched: Dispatched, exchange: Exchange) -> HttpResponseBase:
        headers = passed_on(dispatched.response.headers.raw)
        if speaks_messages(dispatched.target):
            body = await read_answer(dispatched, exchange, take_usage=read_messages_usage)
            if CONTAINER in body:
                self.note(dispatched.target, load_json(body))
            return JsonResponse(body, headers=headers)
        answer = await read_aside(read_json, await read_answer(dispatched, exchange))
        message = message_of(
            answer,
            request_id=exchange.request_id,
            model=exchange.model,
            tokens=exchange.tokens,
        )
        return JsonResponse(message, headers=headers | self.dropped())

    async def streamed(
        self, dispatched: Dispatched, exchange: Exchange, body: JsonObject
    ) -> HttpResponseBase:
        if speaks_messages(dispatched.target):
            watched = WatchedMessages(lambda made: self.note(dispatched.target, made))
            return await relay_answer(dispatched, exchange, dialect=watched)
        chat = await relay_answer(dispatched, exchange, dialect=TRANSLATED_CHAT, keeps_usage=False)
        events = ChangedEvents(
            chat,
            MessageEvents(
                request_id=exchange.request_id, model=exchange.model, tokens=exchange.tokens
            ),
        )
        return RelayResponse(events, headers=dict(chat.headers) | self.dropped())

    def note(self, target: Target, made: JsonObject) -> None:
        """Remember the container of ``made``, a message or an event, as the caller's."""
        ids = ids_in_message(made)
        stored_responses.note_ids(ids, user_id=self.caller.user_id, target=target)

    def dropped(self) -> dict[str, str]:
        """The header that names what the chat did without."""
        names = header_value(left_out(self.payload))
        return {DROPPED_HEADER: names} if names else {}


class WatchedMessages(MessagesDialect):
    """Hands the events to ``note`` that tell of a container."""

    def __init__(self, note: Callable[[JsonObject], None]) -> None:
        self._note = note

    def meaning_of(self, event: bytes, tokens: Tokens) -> Meaning:
        if CONTAINER in event:
            self._note(json_object(data_of(event)))
        return super().meaning_of(event, tokens)


class CountTokensView(AnthropicSurface, ModelCallView):
    """Counted by the upstream if it is Anthropic's; estimated, and said to be, for all others."""

    endpoint = "messages/count_tokens"
    surface = Surface.ANTHROPIC
    required = (REQUIRED_MESSAGES,)
    passed_headers = MessagesView.passed_headers

    async def answer(self, body: JsonObject, model: str, exchange: Exchange) -> HttpResponseBase:
        targets, _ = await route(active(), self.caller, model, endpoint=self.endpoint)
        if counts_tokens(targets[0]):
            return await super().answer(body, model, exchange)
        await permitted(body, targets, self.caller)
        answer = {"input_tokens": estimated_tokens(body)}
        return JsonResponse(answer, headers={ESTIMATED_HEADER: "true"})

    def eligible(self, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        return tuple(target for target in targets if counts_tokens(target))


def counts_tokens(target: Target) -> bool:
    """Whether the upstream can be asked, which is not to see what filters may keep from it."""
    return speaks_messages(target) and not (target.filters or target.awaits_filters_of)


def speaks_messages(target: Target) -> bool:
    """Whether the upstream takes the Messages API as it is."""
    return "messages" in (target.connection.adapter.endpoints or ())
