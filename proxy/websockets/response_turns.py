"""A Responses socket in front of upstreams that have no such socket: its messages as HTTP requests.

Each ``response.create`` is one request to the gateway's own ``/v1/responses``, where it is checked,
translated, filtered and accounted for; its events go out as messages. A client may go on from the
last response by its id, though nobody stores it: the socket remembers that one conversation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from django.conf import settings

from accounts.authentication import CREDENTIAL_HEADERS
from proxy.client_side.errors import ApiError, InvalidRequestError, PayloadTooLargeError
from proxy.client_side.inner_request import Application, HeaderFields, InnerRequest
from proxy.client_side.origin import is_foreign
from proxy.client_side.request_id import new_request_id
from proxy.client_side.scope_extensions import SURFACE_EXTENSION
from proxy.conversations.ids import RESPONSE, is_own, new_id
from proxy.websockets.held_history import held_history
from usage.exchange import Surface
from wire_formats.json_numbers import encoded_json, write_json
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.responses.answer_from_chat.answer import Asked
from wire_formats.responses.dialect import RESPONSES
from wire_formats.responses.request_to_chat.request import items_of
from wire_formats.responses.request_to_chat.tools import Tools
from wire_formats.sse import DONE_MARK, MEDIA_TYPE, data_of, split_events
from wire_formats.token_counts import Tokens

PATH = "/v1/responses"
CREATE = "response.create"
# Fields of the message that are none of the request.
OF_THE_MESSAGE = frozenset({"type", "event_id", "generate", "stream_id", "response"})
ENDED = frozenset({"response.completed", "response.incomplete"})
# Fields that name what a response goes on from.
KEPT = ("previous_response_id",)

Say = Callable[[str], Awaitable[None]]


class ResponseTurns:
    """The requests of one socket, one after another. ``say`` sends a message to its client.

    What it remembers counts for ``owner``, its user with its key, until ``forget`` is called.
    """

    def __init__(
        self, scope: Any, application: Application, *, credential: str, say: Say, owner: str
    ) -> None:
        self._owner = owner
        self._held = 0  # bytes that are remembered
        self._forgotten_id = ""  # of the response that there was no room for
        self._scope = scope
        self._application = application
        self._say = say
        self._headers = _headers(scope, credential)
        self._last_id = ""
        self._history: list[Any] = []  # all that was said up to the end of the last response
        self._before: JsonObject = {}  # what the history goes on from, which the gateway keeps

    async def take(self, message: JsonObject, model: str) -> None:
        """Answer ``message``, to its end. Raises ``ApiError`` and ``OSError``; may be cancelled."""
        body = _body(message, model)
        self._go_on(body)
        encoded = encoded_json(body)
        if len(encoded) > settings.GATEWAY_WS_MAX_MESSAGE_BYTES:  # what is remembered counts, too
            raise PayloadTooLargeError(settings.GATEWAY_WS_MAX_MESSAGE_BYTES)
        if message.get("generate") is False:
            await self._warm_up(body)
            return
        turn = Turn(self._scope, headers=self._headers, body=encoded, say=self._say)
        task = asyncio.create_task(turn.run(self._application))
        try:
            await asyncio.shield(task)
        except (asyncio.CancelledError, OSError):
            turn.hang_up()
            await asyncio.gather(task, return_exceptions=True)
            raise
        if not turn.has_answered:
            raise ApiError("The gateway failed to answer.")
        self._remember(body, turn.made, len(encoded) + turn.made_bytes)

    def forget(self) -> None:
        """Remember nothing any more."""
        held_history().hold(self._owner, 0, instead_of=self._held)
        self._held, self._last_id, self._history = 0, "", []

    def remembers(self, message: JsonObject) -> bool:
        """Whether ``message`` goes on from the response that only the socket remembers."""
        within = message.get("response")
        fields = message | within if isinstance(within, dict) else message
        return bool(self._last_id) and fields.get("previous_response_id") == self._last_id

    def _go_on(self, body: JsonObject) -> None:
        """Put the conversation in the place of its id, if it is the one that is remembered.

        Raises ``InvalidRequestError`` for the one that there was no room for.
        """
        if self._forgotten_id and body.get("previous_response_id") == self._forgotten_id:
            raise InvalidRequestError(
                "This response is not remembered: the sockets of this gateway hold too much. Send "
                "the whole conversation in `input`, or ask for responses with `store: true`.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        if self._last_id and body.get("previous_response_id") == self._last_id:
            del body["previous_response_id"]
            body.update(self._before)
            body["input"] = [*self._history, *items_of(body)]

    def _remember(self, body: JsonObject, made: JsonObject, size: int) -> None:
        """What the gateway has kept is not for the socket to remember."""
        output = made.get("output")
        is_kept = made.get("store") is True and is_own(made.get("id"))
        self._last_id = "" if is_kept else str(made.get("id") or "")
        self._history = []
        self._before = {name: body[name] for name in KEPT if is_own(body.get(name))}
        size = size if self._last_id else 0
        has_room = held_history().hold(self._owner, size, instead_of=self._held)
        self._held = size if has_room else 0
        self._forgotten_id = "" if has_room else self._last_id
        self._last_id = self._last_id if has_room else ""
        if self._last_id and isinstance(output, list):
            self._history = [*items_of(body), *output]

    async def _warm_up(self, body: JsonObject) -> None:
        """An empty response, from which the client means to go on. No model is asked."""
        asked = Asked(
            body=body,
            tools=Tools(),
            request_id=new_request_id(),
            response_id=new_id(RESPONSE),
            model=str(body["model"]),
        )
        made = asked.ended([], "stop", Tokens())
        for number, (kind, response) in enumerate(
            (("created", asked.begun()), ("completed", made))
        ):
            event = {"type": f"response.{kind}", "sequence_number": number, "response": response}
            await self._say(write_json(event).decode())
        self._remember(body, made, len(encoded_json(body)))


class Turn(InnerRequest):
    """One request. ``made`` is its response once that is complete."""

    def __init__(self, outer: Any, *, headers: HeaderFields, body: bytes, say: Say) -> None:
        super().__init__(
            outer,
            path=PATH,
            headers=headers,
            body=body,
            extensions={SURFACE_EXTENSION: Surface.WEBSOCKET},
        )
        self.made: JsonObject = {}
        self.made_bytes = 0
        self.has_answered = False
        self._say = say
        self._status = 0
        self._is_stream = False
        self._whole: list[bytes] = []

    async def begin(self, status: int, headers: HeaderFields) -> None:
        self._status = status
        self._is_stream = dict(headers)[b"content-type"].startswith(MEDIA_TYPE.encode())

    async def part(self, body: bytes, *, is_last: bool) -> None:
        if self._is_stream:
            for event in split_events(body):
                await self._event(event)
            return
        self._whole.append(body)
        if is_last:
            self.has_answered = True
            failure = {"type": "error", "status": self._status}
            await self._say(orjson.dumps(failure | json_object(b"".join(self._whole))).decode())

    async def _event(self, event: bytes) -> None:
        data = data_of(event)
        if not data or data.startswith(DONE_MARK):  # a comment keeps up connections of HTTP
            return
        self.has_answered = True
        if RESPONSES.is_noteworthy(event):
            told = json_object(data)
            if told.get("type") in ENDED and isinstance(told.get("response"), dict):
                self.made, self.made_bytes = told["response"], len(data)
        await self._say(data.decode())


def _body(message: JsonObject, model: str) -> JsonObject:
    """The request that ``message`` makes; the older form has its fields under ``response``."""
    if message.get("type") != CREATE:
        raise InvalidRequestError(f"`type` must be `{CREATE}`.", param="type")
    within = message.get("response")
    fields = within if isinstance(within, dict) else {}
    body = {k: v for k, v in message.items() if k not in OF_THE_MESSAGE} | fields
    return body | {"model": model, "stream": True}


def _headers(scope: Any, credential: str) -> HeaderFields:
    """The handshake's headers with one credential; cookies only from the gateway's own page."""
    left_out = (*CREDENTIAL_HEADERS, b"cookie") if is_foreign(scope) else CREDENTIAL_HEADERS
    fields = [field for field in scope["headers"] if field[0] not in left_out]
    return [*fields, (b"authorization", f"Bearer {credential}".encode())]
