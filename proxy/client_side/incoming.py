"""The body of a client's request, under a cap, and the news that the client is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from math import inf
from typing import Any

from proxy.client_side.body_clock import BodyClock, Receive
from proxy.client_side.errors import (
    InvalidRequestError,
    PayloadTooLargeError,
    RequestTooComplexError,
)
from proxy.client_side.inflating import Inflater, inflater_for
from wire_formats.json_cost import (
    LONG_BYTES,
    SURELY_SIMPLE_BYTES,
    ExactCount,
    TooComplexError,
    weight_of,
)

ASIDE_BYTES = 4096  # of a compressed body, which may stand for many more
LONGEST_LENGTH = 18  # digits; int() refuses to read thousands of them
WhenGone = Callable[[Callable[[], None]], None]
Take = Callable[[int], bytes | None]


class ClientGoneError(Exception):
    """The client disconnected while its request was read, so no response can be sent."""


class IncomingBody:
    """Reads a request's body from ASGI, at most ``limit`` bytes of it, for at most ``seconds``.

    ``structure_limit`` is how much of what makes JSON costly a body in one piece may hold; see
    :mod:`wire_formats.json_cost`.
    The task that is ``serving`` the request is cancelled when the client leaves; another one may
    read the body. ``when_gone`` takes what is to be called then; a server that has no such thing is
    listened to by a task, which costs as much as reading the body. ``take`` gives a body that has
    come by now.
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
        take: Take | None = None,
    ) -> None:
        self._receive = receive
        self._when_gone = when_gone
        self._take = take
        self._serving = serving
        self._seconds = seconds
        self._structure_limit = self._structure_left = structure_limit
        self._weighed_parts = self._counted_parts = self._counted_bytes = 0
        self._exact_count: ExactCount | None = None
        self.limit = limit
        self.received_bytes = 0  # as they are without compression
        self.content_encoding = ""
        self.declared_length: int | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._is_closed = False
        self.is_client_gone = False

    async def read(self) -> bytes:
        """The whole body, which is JSON.

        Raises ``PayloadTooLargeError``, ``RequestTooComplexError`` as soon as it is known, and
        :class:`ClientGoneError`.
        """
        body = self._at_once()
        if body is not None:
            return body
        parts: list[bytes] = []
        async for part in self.parts():
            parts.append(part)
            if self.received_bytes > SURELY_SIMPLE_BYTES:
                await self._weigh(parts)
        if self._structure_left < 0:
            await self._count_exactly(parts)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _at_once(self) -> bytes | None:
        """The body, where all of it has come and none of it needs a closer look."""
        most = min(self.limit, SURELY_SIMPLE_BYTES)
        if self._take is None or self.content_encoding or (self.declared_length or 0) > most:
            return None
        body = self._take(most)
        if body is not None:
            self.received_bytes = len(body)
            self.watch()
        return body

    def parts(self) -> AsyncIterator[bytes]:
        """The body as it arrives, without compression. Once it is there, the client is watched.

        Raises ``ApiError``, at once or while it is read, and :class:`ClientGoneError`.
        """
        if self.declared_length is not None and self.declared_length > self.limit:
            raise PayloadTooLargeError(self.limit)
        inflater = inflater_for(self.content_encoding)
        return self._arriving() if inflater is None else self._inflated(inflater)

    async def _inflated(self, inflater: Inflater) -> AsyncIterator[bytes]:
        async with aclosing(self._arriving(is_counted=False)) as parts:
            async for part in parts:
                if len(part) < ASIDE_BYTES:
                    pieces = inflater.add(part, self.limit)
                else:
                    pieces = await asyncio.to_thread(inflater.add, part, self.limit)
                for piece in pieces:
                    self.received_bytes += len(piece)
                    yield piece
        inflater.finish()

    async def _arriving(self, *, is_counted: bool = True) -> AsyncGenerator[bytes]:
        """The body as it is sent."""
        sent_bytes = 0
        is_complete = False
        clock = BodyClock(self._receive, seconds=self._seconds)
        while not is_complete:
            message = await clock.receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            part = message.get("body", b"")
            is_complete = not message.get("more_body", False)
            sent_bytes += len(part)
            if is_counted:
                self.received_bytes = sent_bytes
            if sent_bytes > self.limit:
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


def declared_length(headers: list[tuple[bytes, bytes]]) -> int | None:
    """The Content-Length of a request, if it has one. Raises ``InvalidRequestError``."""
    values = {value for name, value in headers if name == b"content-length"}
    if not values:
        return None
    text = values.pop()
    if values or not text.isdigit() or len(text) > LONGEST_LENGTH:
        raise InvalidRequestError("The Content-Length header is not valid.")
    return int(text)
