"""A client's request as it comes in: its body under a cap, and the news that the client is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from io import BytesIO
from math import inf
from typing import Any

from django.core.handlers.asgi import ASGIRequest

from proxy.client_side.body_clock import BodyClock, Receive
from proxy.client_side.errors import (
    InvalidRequestError,
    PayloadTooLargeError,
    RequestTooComplexError,
)
from proxy.client_side.outgoing import Outgoing
from usage.exchange import Exchange, StopReason
from wire_formats.json_cost import (
    LONG_BYTES,
    SURELY_SIMPLE_BYTES,
    ExactCount,
    TooComplexError,
    weight_of,
)

LONGEST_LENGTH = 18  # digits; int() refuses to read thousands of them
WhenGone = Callable[[Callable[[], None]], None]


class ClientGoneError(Exception):
    """The client disconnected while its request was read, so no response can be sent."""


class IncomingBody:
    """Reads a request's body from ASGI, at most ``limit`` bytes of it, for at most ``seconds``.

    ``structure_limit`` is how much of what makes JSON costly a body in one piece may hold; see
    :mod:`wire_formats.json_cost`.
    The task that is ``serving`` the request is cancelled when the client leaves; another one may
    read the body. ``when_gone`` takes what is to be called then; a server that has no such thing is
    listened to by a task, which costs as much as reading the body.
    """

    def __init__(
        self,
        receive: Receive,
        *,
        serving: asyncio.Task[Any],
        limit: int,
        seconds: float = inf,
        structure_limit: float = inf,
        when_gone: WhenGone | None = None,
    ) -> None:
        self._receive = receive
        self._when_gone = when_gone
        self._serving = serving
        self._clock = BodyClock(receive, seconds=seconds)
        self._structure_limit = self._structure_left = structure_limit
        self._weighed_parts = self._counted_parts = self._counted_bytes = 0
        self._exact_count: ExactCount | None = None
        self.limit = limit
        self.received_bytes = 0
        self.declared_length: int | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._is_closed = False
        self.is_client_gone = False

    async def read(self) -> bytes:
        """The whole body, which is JSON.

        Raises ``PayloadTooLargeError``, ``RequestTooComplexError`` as soon as it is known, and
        :class:`ClientGoneError`.
        """
        parts: list[bytes] = []
        async for part in self.parts():
            parts.append(part)
            if self.received_bytes > SURELY_SIMPLE_BYTES:
                await self._weigh(parts)
        if self._structure_left < 0:
            await self._count_exactly(parts)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def parts(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Once it is there, the client is watched."""
        if self.declared_length is not None and self.declared_length > self.limit:
            raise PayloadTooLargeError(self.limit)
        is_complete = False
        while not is_complete:
            message = await self._clock.receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            part = message.get("body", b"")
            is_complete = not message.get("more_body", False)
            self.received_bytes += len(part)
            if self.received_bytes > self.limit:
                raise PayloadTooLargeError(self.limit)
            if is_complete:
                self.watch()
            if part:
                yield part

    async def _weigh(self, parts: Sequence[bytes]) -> None:
        """Weigh what is new among ``parts``; exactly, once the upper bound is too much."""
        if self._structure_left < 0:
            is_due = self.received_bytes - self._counted_bytes >= LONG_BYTES
        else:
            self._structure_left -= sum(map(weight_of, parts[self._weighed_parts :]))
            self._weighed_parts = len(parts)
            is_due = self._structure_left < 0
        if is_due:
            await self._count_exactly(parts)

    async def _count_exactly(self, parts: Sequence[bytes]) -> None:
        text = b"".join(parts[self._counted_parts :])
        self._counted_parts, self._counted_bytes = len(parts), self.received_bytes
        if self._exact_count is None:
            self._exact_count = ExactCount(self._structure_limit)
        try:
            await asyncio.to_thread(self._exact_count.add, text)
        except TooComplexError:
            raise RequestTooComplexError from None

    def close(self) -> None:
        """Stop watching the client."""
        self._is_closed = True
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None

    def watch(self) -> None:
        """Cancel what serves the request once its client leaves. Nothing more of it is read."""
        if self._when_gone is not None:
            self._when_gone(self._leave)
        else:
            self._watcher = asyncio.create_task(self._await_disconnect())

    async def _await_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    def _leave(self) -> None:
        if self._is_closed or self.is_client_gone:
            return
        self.is_client_gone = True
        self._serving.cancel()


class ApiRequest(ASGIRequest):
    """Django's request without its body handling: ``incoming`` reads the body, under our cap.

    ``outgoing`` is where its answer will go, and ``serving`` the task that sees to that.
    """

    def __init__(
        self,
        scope: dict[str, Any],
        incoming: IncomingBody,
        outgoing: Outgoing,
        *,
        request_id: str,
        serving: asyncio.Task[Any],
    ) -> None:
        super().__init__(scope, BytesIO())
        self.incoming = incoming
        self.outgoing = outgoing
        self.request_id = request_id
        self.application: Any = None  # the ASGI application, for views that make inner requests
        self.exchange: Exchange | None = None  # set once the request is accepted
        self.stopped_for: StopReason | None = None
        self._serving = serving

    async def load_body(self) -> bytes:
        """Read the body into ``self.body``, where DRF's parsers find it, and return it."""
        body = await self.incoming.read()
        self._body = body
        # DRF reads no body without a declared length, and chunked requests declare none.
        self.META["CONTENT_LENGTH"] = str(len(body))
        return body

    def stop(self, reason: StopReason) -> None:
        """Have the task that serves the request tell the client why it ends; cut it if asked twice.

        The second time is for clients that do not read.
        """
        if self.stopped_for is not None:
            self.outgoing.give_up()
        else:
            self.stopped_for = reason
            self._serving.cancel()

    def close(self) -> None:
        """Nothing is held: no temporary file, no upload."""


def declared_length(headers: list[tuple[bytes, bytes]]) -> int | None:
    """The Content-Length of a request, if it has one. Raises ``InvalidRequestError``."""
    values = {value for name, value in headers if name == b"content-length"}
    if not values:
        return None
    text = values.pop()
    if values or not text.isdigit() or len(text) > LONGEST_LENGTH:
        raise InvalidRequestError("The Content-Length header is not valid.")
    return int(text)
