"""OpenAI's Responses, onto every upstream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any, cast

from django.http.response import HttpResponseBase

from connections.call import Call
from models_registry.targets import Target
from proxy.answering.dispatched import Dispatched
from proxy.answering.lacking import takes_responses
from proxy.answering.streamed import ChangedEvents, relay_answer
from proxy.answering.whole import read_answer
from proxy.client_side.relayed import RelayResponse
from proxy.client_side.rendering import JsonResponse
from proxy.client_side.response_headers import passed_on
from proxy.conversations.going_on import add_to_conversation, keep
from proxy.conversations.ids import RESPONSE, new_id
from proxy.references.chosen_ids import check_no_chosen_id
from proxy.references.stored_responses import stored_responses
from proxy.views.going_on import GoingOnView
from usage.exchange import Exchange
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.errors import UnsendableError
from wire_formats.json_cost import read_aside
from wire_formats.json_numbers import encoded_answer, read_json
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.payload import with_dropped
from wire_formats.responses.answer_from_chat.answer import Asked, response_of
from wire_formats.responses.answer_from_chat.stream import ResponseEvents
from wire_formats.responses.dialect import RESPONSES, TRANSLATED_CHAT
from wire_formats.responses.request_to_chat.options import is_told
from wire_formats.responses.request_to_chat.request import (
    CLIENT_NOTES,
    ChatRequest,
    chat_request,
    without_needless_ids,
    without_notes,
)
from wire_formats.responses.sealed import without_seals
from wire_formats.sse import data_of, split_events

# The events that hold all that was made.
COMPLETED, INCOMPLETE = b'"response.completed"', b'"response.incomplete"'
TELLING = b'"response"'  # in those that hold a response, and in few others
ENDED = frozenset({"completed", "incomplete"})
# What an upstream would have to keep, and one of chats cannot.
KEPT = ("previous_response_id", "conversation")


class ResponsesView(GoingOnView):
    """``POST /v1/responses``: as it came to upstreams that have it; as a chat to all others.

    A response that goes on from another goes to where that one is. Those of chats are kept here.
    """

    endpoint = "responses"
    is_streamable = True
    dialect = RESPONSES
    _chat: ChatRequest | None = None  # what was sent last, if it was a chat
    _dropped: tuple[str, ...] = ()

    def check(self, body: JsonObject) -> None:
        super().check(body)
        check_no_chosen_id(body)

    def readable(self, body: JsonObject, targets: tuple[Target, ...]) -> JsonObject:
        """A chat has no ids of items, so where all are asked for chats none is looked up."""
        body = super().readable(without_notes(body), targets)
        return body if any(map(takes_responses, targets)) else without_needless_ids(body)

    def call_for(self, target: Target, body: JsonObject) -> Call:
        call = super().call_for(target, body)
        if takes_responses(target):
            self._chat = None
            sent, self._dropped = without_seals(call.body)
            has_substitute = target.connection.adapter.speaks_responses is None
            return replace(call, body=sent, has_substitute=has_substitute)
        check_is_complete(body)
        self._chat = chat_request(body)
        self._dropped = self._chat.dropped
        chat = target.body(self._chat.body, CHAT_COMPLETIONS)
        return replace(call, endpoint=CHAT_COMPLETIONS, body=chat, headers=())

    async def sent(self, body: JsonObject, model: str, exchange: Exchange) -> Dispatched:
        try:
            return await super().sent(body, model, exchange)
        except UnsendableError as exc:
            if self._chat is None or not (exc.param or "").startswith("messages"):
                raise
            raise UnsendableError(exc.message, param="input") from exc  # the client has no messages

    async def whole(self, dispatched: Dispatched, exchange: Exchange) -> HttpResponseBase:
        headers = self.with_dropped(passed_on(dispatched.response.headers.raw))
        if self._chat is None:
            made: list[JsonObject] = []
            body = await read_answer(dispatched, exchange, on_answer=made.append)
            await self.noted(dispatched.target, made[0])
            if self.going.names_own:
                body = encoded_answer(self.going.told(await read_aside(read_json, body)))
            return JsonResponse(body, headers=headers)
        answer = await read_aside(read_json, await read_answer(dispatched, exchange))
        response = response_of(answer, self.asked(self._chat, exchange), exchange.tokens)
        return JsonResponse(await self.kept(response), headers=headers)

    async def streamed(
        self, dispatched: Dispatched, exchange: Exchange, body: JsonObject
    ) -> HttpResponseBase:
        if self._chat is None:
            response = await relay_answer(dispatched, exchange, dialect=RESPONSES)
            blocks = ChangedEvents(response, self.named) if self.going.names_own else response
            events: Any = WatchedEvents(blocks, partial(self.noted, dispatched.target))
        else:
            response = await relay_answer(
                dispatched, exchange, dialect=TRANSLATED_CHAT, keeps_usage=False
            )
            asked = self.asked(self._chat, exchange)
            change = ResponseEvents(asked, exchange.tokens, on_end=self.kept)
            events = ChangedEvents(response, change)
        return RelayResponse(events, headers=self.with_dropped(dict(response.headers)))

    def asked(self, chat: ChatRequest, exchange: Exchange) -> Asked:
        """What the answer to ``chat`` must know of the client's request."""
        return Asked(
            body=self.payload,
            tools=chat.tools,
            known_calls=chat.calls,
            request_id=exchange.request_id,
            response_id=new_id(RESPONSE),
            model=exchange.model,
            previous=self.going.previous,
            conversation=self.going.conversation,
            is_stored=self.going.is_kept,
        )

    def with_dropped(self, headers: dict[str, str]) -> dict[str, str]:
        """``headers`` with the names of what the upstream was not sent, by whomever."""
        notes = [CLIENT_NOTES] if is_told(self.payload, CLIENT_NOTES) else []
        if self._chat is not None and self.payload.get("store") is True and not self.going.is_kept:
            notes.append("store")
        return with_dropped(headers, (*notes, *self._dropped))

    async def noted(self, target: Target, made: JsonObject) -> None:
        """Remember the upstream's response as the caller's, with its items.

        Clients send back the items of a response that is not stored, too, and with their ids.
        """
        stored_responses.note_response(made, user_id=self.caller.user_id, target=target)
        if self.going.conversation and made.get("status") in ENDED:
            await add_to_conversation(self.going, made, self.caller.user_id)

    async def named(self, event: bytes) -> bytes:
        """An upstream's ``event``, with the ids of what the request goes on from."""
        if TELLING not in event or not (told := json_object(data_of(event))):
            return event
        kind = str(told.get("type") or "").encode()
        return b"event: " + kind + b"\ndata: " + encoded_answer(self.going.told_in(told)) + b"\n\n"

    async def kept(self, response: JsonObject) -> JsonObject:
        """The complete ``response`` to a chat, which says whether it could be kept."""
        is_kept = await keep(self.going, response, self.caller.user_id)
        return response if is_kept else response | {"store": False}


def check_is_complete(body: JsonObject) -> None:
    """Refuse a request that goes on from what only an upstream of Responses would have kept.

    Raises ``UnsendableError``.
    """
    for name in KEPT:
        if is_told(body, name):
            raise UnsendableError(
                f"`{name}` names nothing that the gateway keeps, and the upstream of this model "
                "keeps nothing. Send the whole conversation in `input`.",
                param=name,
            )


class WatchedEvents:
    """A stream as it is. The response is handed to ``note`` when it begins and when it ends."""

    def __init__(
        self, blocks: AsyncIterable[bytes], note: Callable[[JsonObject], Awaitable[None]]
    ) -> None:
        self._blocks = blocks
        self._note = note

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        is_noted = False
        async with aclosing(cast("Any", aiter(self._blocks))) as blocks:
            async for block in blocks:
                is_telling = not is_noted or COMPLETED in block or INCOMPLETE in block
                if is_telling and (made := response_in(block)):
                    is_noted = True
                    await self._note(made)
                yield block


def response_in(block: bytes) -> JsonObject | None:
    """The response that the last of the events in ``block`` tells of that tell of one."""
    for event in reversed(split_events(block)):
        response = json_object(data_of(event)).get("response")
        if isinstance(response, dict):
            return response
    return None
