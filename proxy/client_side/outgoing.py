"""An answer on its way to the client: begun once, kept alive while it waits, cut when unread.

The server has no limit on how long a client may leave an answer unread, and such a client would
hold its stream and the upstream's with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Any

from proxy.client_side.errors import ApiError
from proxy.client_side.response_headers import STREAMING
from proxy.client_side.scope_extensions import (
    ABORT_EXTENSION,
    RESPONSE_EXTENSION,
    WRITE_EXTENSION,
)
from usage.exchange import Exchange
from wire_formats.dialect import Dialect

Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
WriteResponse = Callable[[object, int, Headers, bytes], bool]

# Not ": ping", which some clients take for the end, and never with an id, which crashes others.
KEEP_ALIVE = b": keep-alive\n\n"
COMMON_HEADERS = [
    (b"cache-control", b"private, no-store"),
    (b"x-content-type-options", b"nosniff"),
]
STREAM_HEADERS = [(name.encode(), value.encode()) for name, value in STREAMING.items()]


class Outgoing:
    """Wraps ASGI's ``send``. One timer for each answer, and one look at the clock for each part.

    ``write_timeout`` and ``keep_alive`` are seconds. ``more_headers`` are added to the others.
    ``has_given_up`` tells that the client did not read in time: the connection was cut and the task
    that is ``serving`` the request cancelled.
    """

    def __init__(
        self,
        send: Send,
        scope: Any,
        *,
        serving: asyncio.Task[Any],
        request_id: str,
        write_timeout: float,
        keep_alive: float,
        more_headers: Headers | None = None,
    ) -> None:
        self._send = send
        extensions = scope.get("extensions") or {}
        self._abort: Callable[[], None] = extensions.get(ABORT_EXTENSION, _no_abort)
        self._write: Callable[[bytes], bool] = extensions.get(WRITE_EXTENSION, _no_write)
        self._extensions = extensions
        self._write_response: WriteResponse = extensions.get(RESPONSE_EXTENSION, _no_response)
        self._request_id = request_id
        self._more_headers = more_headers or []
        self._write_timeout = write_timeout
        self._keep_alive = keep_alive
        self._loop = serving.get_loop()
        self._serving = serving
        self._dialect: Dialect | None = None  # set while the client waits for a stream
        self._sent_at = 0.0
        self._is_sending = False
        self._last_part = b""
        self._opening = b""  # what the dialect needs of the stream's beginning
        self._timer: asyncio.TimerHandle | None = None
        self._beat: asyncio.Task[None] | None = None
        self._exchange: Exchange | None = None  # of the stream that is being sent
        self.has_begun = False
        self.has_given_up = False

    def expect_stream(self, dialect: Dialect) -> None:
        """Send comments from now on whenever nothing else was sent for a while.

        The first of them begins the answer, after which an error can no longer be a status.
        """
        self._dialect = dialect
        self._sent_at = self._loop.time()
        self._arm()

    async def begin(self, status: int, headers: Headers) -> None:
        """Send status and headers, unless a comment has begun the answer already."""
        if self.has_begun:
            if self._beat is not None:
                await self._beat  # which may wait for the client to read
            return
        self._note_beginning()
        await self._sent(self._start(status, headers))

    async def whole(
        self, status: int, headers: Headers, body: bytes, *, is_sent: bool = True
    ) -> None:
        """Send an answer in one piece; where the body is not ``is_sent``, its length alone."""
        self._dialect = None
        if is_sent and not self.has_begun and self._written(status, headers, body):
            self._note_beginning()
            return
        if status != HTTPStatus.NO_CONTENT:
            headers = [*headers, (b"content-length", b"%d" % len(body))]
        await self.begin(status, headers)
        await self._sent({"type": "http.response.body", "body": body if is_sent else b""})

    async def stream(self, parts: AsyncIterator[bytes], exchange: Exchange | None) -> None:
        """Send ``parts`` as they come; :meth:`finish` ends them. ``exchange`` counts them."""
        self._exchange = exchange
        send = self._send
        async for part in parts:
            self._note(part)
            self._is_sending = True
            await send({"type": "http.response.body", "body": part, "more_body": True})
            self._is_sending = False

    def write_at_once(self, part: bytes) -> bool:
        """Send a further part of a stream, unless the client has to be waited for.

        Returns whether it was sent. For use while :meth:`stream` waits for its next part.
        """
        if not self._write(part):
            return False
        self._note(part)
        return True

    def _note(self, part: bytes) -> None:
        exchange = self._exchange
        if exchange is not None:
            if not exchange.chunks:
                exchange.note_first_byte()
            exchange.chunks += 1
            exchange.bytes_sent += len(part)
        self._last_part = part
        if not self._opening and self._dialect is not None:
            self._opening = self._dialect.opening_in(part)
        self._sent_at = self._loop.time()

    async def finish(self) -> None:
        """End an answer that was streamed."""
        if self._beat is not None:
            self._beat.cancel()  # a comment that waits for a slow client would follow the end
        self._dialect = None
        await self._sent({"type": "http.response.body"})

    async def fail(self, error: ApiError) -> None:
        """End an answer that has begun with ``error``, or by cutting it where it has no words."""
        if self._dialect is None:
            self._abort()
            return
        event = self._dialect.error_event(
            error,
            request_id=self._request_id,
            last_block=self._last_part,
            opening=self._opening,
        )
        await self._sent({"type": "http.response.body", "body": event, "more_body": True})
        await self.finish()

    def give_up(self) -> None:
        """Cut the connection and cancel the task of the request."""
        self.has_given_up = True
        self._abort()  # closing would wait for the client to read
        self._serving.cancel()

    def close(self) -> None:
        """Stop the timer. Nothing is sent afterwards."""
        self._dialect = None
        if self._timer is not None:
            self._timer.cancel()
        if self._beat is not None:
            self._beat.cancel()

    def _written(self, status: int, headers: Headers, body: bytes) -> bool:
        every = self._all_headers(headers)
        return self._write_response(self._extensions, status, every, body)

    def _note_beginning(self) -> None:
        self.has_begun = True
        if self._beat is not None:
            self._beat.cancel()  # it has not run yet

    def _start(self, status: int, headers: Headers) -> dict[str, Any]:
        every = self._all_headers(headers)
        return {"type": "http.response.start", "status": status, "headers": every}

    def _all_headers(self, headers: Headers) -> Headers:
        identity = (b"x-request-id", self._request_id.encode())
        return [*headers, identity, *COMMON_HEADERS, *self._more_headers]

    async def _sent(self, message: dict[str, Any]) -> None:
        self._sent_at = self._loop.time()
        self._is_sending = True
        self._arm()
        await self._send(message)
        self._is_sending = False

    def _arm(self) -> None:
        if self._timer is None:
            seconds = min(self._keep_alive, self._write_timeout)
            self._timer = self._loop.call_later(seconds, self._check)

    def _check(self) -> None:
        now = self._loop.time()
        due = now + min(self._keep_alive, self._write_timeout)
        if self._is_sending:
            if now >= self._sent_at + self._write_timeout:
                self.give_up()
                return
            due = min(due, self._sent_at + self._write_timeout)
        elif self._dialect is not None:
            is_idle = self._beat is None or self._beat.done()
            if is_idle and now >= self._sent_at + self._keep_alive:
                self._sent_at = now
                self._beat = self._loop.create_task(self._keep_client())
            due = min(due, max(self._sent_at, now) + self._keep_alive)
        self._timer = self._loop.call_at(due, self._check)

    async def _keep_client(self) -> None:
        if not self.has_begun:
            self.has_begun = True
            await self._send(self._start(200, STREAM_HEADERS))
        await self._send({"type": "http.response.body", "body": KEEP_ALIVE, "more_body": True})


def _no_abort() -> None:
    """Other servers than ours close politely."""


def _no_write(part: bytes) -> bool:
    """Other servers than ours have to be waited for."""
    return False


def _no_response(extensions: object, status: int, headers: Headers, body: bytes) -> bool:
    """Other servers have no such extension: responses go through ASGI."""
    return False
