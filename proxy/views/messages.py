"""Anthropic's Messages API, onto every upstream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from django.http.response import HttpResponseBase

from connections.call import Call
from models_registry.registry import active
from models_registry.targets import Target
from proxy.answering.candidates import Candidates
from proxy.answering.chat_traits import traits_for
from proxy.answering.demand import demand_of
from proxy.answering.dispatched import Dispatched
from proxy.answering.routing import route
from proxy.answering.streamed import ChangedEvents, relay_answer
from proxy.answering.whole import read_answer
from proxy.client_side.errors import ThreadUnsupportedError
from proxy.client_side.relayed import RelayResponse
from proxy.client_side.rendering import JsonResponse
from proxy.client_side.response_headers import passed_on
from proxy.references.made import ids_in_message
from proxy.references.messages import (
    DIAGNOSTICS,
    FALLBACKS,
    guarded_part,
    is_followed,
    kept_for_diagnostics,
)
from proxy.references.ownership import permitted
from proxy.references.reading import PREVIOUS_MESSAGE
from proxy.references.stored_responses import stored_responses
from proxy.references.stored_rows import StoredReference
from proxy.views.anthropic import AnthropicSurface
from proxy.views.model_call import ModelCallView, Required
from usage.exchange import Exchange, Surface
from wire_formats.dialect import Meaning
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.fitting import aliases
from wire_formats.json_cost import read_aside
from wire_formats.json_numbers import load_json, read_json
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.json_values import is_given
from wire_formats.messages.answer_from_chat.answer import Asked, message_of
from wire_formats.messages.answer_from_chat.stream import MessageEvents
from wire_formats.messages.carried import without_carried
from wire_formats.messages.dialect import MESSAGES, TRANSLATED_CHAT, MessagesDialect
from wire_formats.messages.estimate import estimated_message_tokens
from wire_formats.messages.request_to_chat.effort import hides_thoughts
from wire_formats.messages.request_to_chat.names import tool_name
from wire_formats.messages.request_to_chat.request import (
    can_be_asked,
    chat_request,
    ids_called,
    names_offered,
)
from wire_formats.payload import with_dropped
from wire_formats.sse import data_of
from wire_formats.token_counts import Tokens, read_messages_usage

CONTAINER = b'"container"'
MESSAGE_START = b'"message_start"'
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
    body: JsonObject  # as filters left it
    dropped: tuple[str, ...] = ()  # what the last target that was asked does without
    diagnosed: StoredReference | None = (
        None  # the message that the request wants to be compared with
    )

    async def sent(self, body: JsonObject, model: str, exchange: Exchange) -> Dispatched:
        self.body = body
        self.diagnosed = await kept_for_diagnostics(body, self.caller)
        return await super().sent(body, model, exchange)

    async def candidates_for(self, body: JsonObject, model: str) -> Candidates:
        routed, options = await route(active(), self.caller, model, endpoint=self.endpoint)
        targets = self.eligible(routed)
        guarded = guarded_part(body, is_native=any(map(speaks_messages, targets)))
        allowed = await permitted(guarded, targets, self.caller)
        return self.candidates(
            model,
            allowed.targets,
            lambda target: self.call_for(target, allowed.body(target, guarded)),
            options,
            partial(demand_of, self.endpoint, body),
        )

    def eligible(self, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """Those that can do what only Anthropic's servers can, where that is asked for.

        Raises ``ThreadUnsupportedError`` where none holds a thread.
        """
        native = tuple(filter(speaks_messages, targets))
        if is_given(self.body.get("thread")):
            if not native:
                raise ThreadUnsupportedError
            return native
        return native if native and not can_be_asked(self.body) else targets

    def call_for(self, target: Target, body: JsonObject) -> Call:
        if speaks_messages(target):
            return super().call_for(target, self.native_body(target, body))
        payload = chat_request(self.body | body, traits_for(target))
        self.dropped = payload.dropped
        call = super().call_for(target, body)
        chat = target.body(payload.body, CHAT_COMPLETIONS)
        return replace(call, endpoint=CHAT_COMPLETIONS, body=chat, headers=())

    def native_body(self, target: Target, body: JsonObject) -> JsonObject:
        """``body`` for an upstream that speaks Messages, which compares its own answers only."""
        kept, self.dropped = self.diagnosed, ()
        if kept is not None and kept.connection_id == target.connection.upstream.id:
            body = body | {DIAGNOSTICS: {PREVIOUS_MESSAGE: kept.response_id}}
        elif DIAGNOSTICS not in body and is_given(self.body.get(DIAGNOSTICS)):
            self.dropped = (DIAGNOSTICS,)
        if FALLBACKS not in body and FALLBACKS in self.body:
            body = body | {FALLBACKS: self.body[FALLBACKS]}
        return without_carried(body)

    async def whole(self, dispatched: Dispatched, exchange: Exchange) -> HttpResponseBase:
        headers = passed_on(dispatched.response.headers.raw)
        if speaks_messages(dispatched.target):
            body = await read_answer(dispatched, exchange, take_usage=read_messages_usage)
            if CONTAINER in body or is_followed(self.body):
                self.note(dispatched.target, load_json(body))
            return JsonResponse(body, headers=with_dropped(headers, self.dropped))
        answer = await read_aside(read_json, await read_answer(dispatched, exchange))
        asked = await self.aside(self.asked, exchange)
        message = message_of(answer, asked, exchange.tokens)
        return JsonResponse(message, headers=with_dropped(headers, self.dropped))

    async def streamed(
        self, dispatched: Dispatched, exchange: Exchange, body: JsonObject
    ) -> HttpResponseBase:
        if speaks_messages(dispatched.target):
            watched = WatchedMessages(
                lambda made: self.note(dispatched.target, made), is_followed=is_followed(self.body)
            )
            response = await relay_answer(dispatched, exchange, dialect=watched)
            for name, value in with_dropped({}, self.dropped).items():
                response[name] = value
            return response
        chat = await relay_answer(dispatched, exchange, dialect=TRANSLATED_CHAT, keeps_usage=False)
        asked = await self.aside(self.asked, exchange)
        asked = replace(asked, estimate=await self.aside(estimated_message_tokens, self.body))
        events = ChangedEvents(chat, MessageEvents(asked, exchange.tokens))
        headers = with_dropped(dict(chat.headers), self.dropped) | {
            ESTIMATED_HEADER: "message_start"
        }
        return RelayResponse(events, headers=headers)

    def asked(self, exchange: Exchange) -> Asked:
        """What the answer has to be read with."""
        stops = self.body.get("stop_sequences")
        return Asked(
            request_id=exchange.request_id,
            model=str(self.body.get("model")),
            aliases=aliases(names_offered(self.body), tool_name),
            ids=ids_called(self.body),
            stop_sequences=tuple(stops) if isinstance(stops, list) else (),
            hides_thoughts=hides_thoughts(self.body),
        )

    def note(self, target: Target, made: JsonObject) -> None:
        """Remember what ``made``, a message or an event, tells of as the caller's."""
        ids = ids_in_message(made, has_own=is_followed(self.body))
        stored_responses.note_ids(ids, user_id=self.caller.user_id, target=target)


class WatchedMessages(MessagesDialect):
    """Hands the events to ``note`` that tell of a container, and of a message that is followed."""

    def __init__(self, note: Callable[[JsonObject], None], *, is_followed: bool) -> None:
        self._note = note
        self._is_followed = is_followed

    def meaning_of(self, event: bytes, tokens: Tokens) -> Meaning:
        if CONTAINER in event or (self._is_followed and MESSAGE_START in event):
            self._note(json_object(data_of(event)))
        return super().meaning_of(event, tokens)


class CountTokensView(AnthropicSurface, ModelCallView):
    """Counted by the upstream if it is Anthropic's; estimated, and said to be, for all others.

    Anthropic's limits of counting are apart from those of messages:
    https://platform.claude.com/docs/en/build-with-claude/token-counting
    """

    endpoint = "messages/count_tokens"
    surface = Surface.ANTHROPIC
    required = (REQUIRED_MESSAGES,)
    passed_headers = MessagesView.passed_headers

    async def answer(self, body: JsonObject, model: str, exchange: Exchange) -> HttpResponseBase:
        targets, _ = await route(active(), self.caller, model, endpoint=self.endpoint)
        if counts_tokens(targets[0]):
            return await super().answer(body, model, exchange)
        await permitted(body, targets, self.caller)
        answer = {"input_tokens": await self.aside(estimated_message_tokens, body)}
        return JsonResponse(answer, headers={ESTIMATED_HEADER: "true"})

    def eligible(self, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        return tuple(replace(target, is_aside=True) for target in targets if counts_tokens(target))


def counts_tokens(target: Target) -> bool:
    """Whether the upstream can be asked, which is not to see what filters may keep from it."""
    return speaks_messages(target) and not (target.filters or target.awaits_filters_of)


def speaks_messages(target: Target) -> bool:
    """Whether the upstream takes the Messages API as it is."""
    return "messages" in (target.connection.adapter.endpoints or ())
