"""One request until its response begins, and the clocks that run on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from contextvars import ContextVar, Token
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp.connector import Connection

from connections.transport import errors
from connections.upstream import Timeouts


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One request until its response begins.

    Its one timer is set once there is a connection to send on, and ends the block with
    ``httpx.ReadTimeout``. A body of one piece counts as sent
    then; one in ``pieces`` counts as sent when the last of them was taken, and only then do
    ``first_byte`` and ``total`` begin. Until then each piece must be taken within ``idle`` seconds,
    and all within ``upload``. Waiting for whoever writes the pieces is not held against the
    upstream. ``ends_at``, a time of the loop's clock, is when the response must be whole.

    What is done within its block is this attempt's. Whatever fails there drops the connection, and
    aiohttp's errors become ``httpx``'s.
    """

    timeouts: Timeouts
    ends_at: float
    connected_by: float | None = None  # for a connection whose time is not its pool's affair
    transport: asyncio.Transport | None = None
    is_starved: bool = False  # waits for the next piece of a body that is still arriving
    pieces_taken: int = 0
    _sent_by: float | None = None  # for a body in pieces that are still being sent
    _has_response: bool = False
    _token: Token[Attempt] | None = None
    _task: asyncio.Task[Any] | None = None
    _cancelled_before: int = 0
    _timer: asyncio.TimerHandle | None = None
    _is_late: bool = False

    def __enter__(self) -> None:
        self._token = current_attempt.set(self)
        self._task = task = asyncio.current_task()
        self._cancelled_before = 0 if task is None else task.cancelling()
        if self.connected_by is not None:
            self._arm(self.connected_by)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._has_response = True  # or there will be none; the request body may still be in transit
        if self._token is not None:
            current_attempt.reset(self._token)
        if self._timer is not None:
            self._timer.cancel()
        is_timeout = self._is_late and self._is_cancelled_by_timer()
        transport = self.transport
        # Each of them leads back here: the attempt would be left to the garbage collector. So does
        # a connection, which keeps the context that it was opened in.
        self._token = self._timer = self._task = self.transport = None
        if error is None:
            return
        if transport is not None:
            transport.abort()  # a plain close would wait until all is sent
        if is_timeout and isinstance(error, asyncio.CancelledError):
            raise errors.while_sending(TimeoutError()) from error
        if isinstance(error, aiohttp.ClientError | OSError | ValueError):
            raise errors.while_sending(error) from error

    def begin_sending(self, connection: Connection) -> None:
        self.transport = connection.transport
        if self._sent_by is None:
            self._await_response()
        else:
            self._arm(self._sent_by)

    def pieces(self, body: AsyncIterable[bytes]) -> Pieces:
        """``body``, with an eye on how fast it is taken."""
        now = asyncio.get_running_loop().time()
        self._sent_by = now + self.timeouts.upload
        self.ends_at = self._sent_by + self.timeouts.total
        return Pieces(aiter(body), self)

    def taken(self) -> None:
        """The pieces so far were taken and the next one is waited for."""
        self.is_starved = True
        if self._sent_by is not None:
            self._arm(self._sent_by)

    def offered(self) -> None:
        """There is a piece to be taken."""
        self.is_starved = False
        self.pieces_taken += 1
        if self._sent_by is not None:
            idle_at = asyncio.get_running_loop().time() + self.timeouts.idle
            self._arm(min(idle_at, self._sent_by))

    def sent(self) -> None:
        """The last piece was taken."""
        self.is_starved = False
        self._sent_by = None
        self.ends_at = asyncio.get_running_loop().time() + self.timeouts.total
        self._await_response()

    def _await_response(self) -> None:
        latest = asyncio.get_running_loop().time() + self.timeouts.first_byte
        self._arm(min(latest, self.ends_at))

    def _arm(self, when: float) -> None:
        if self._has_response or self._is_late:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._expire)

    def _expire(self) -> None:
        self._is_late = True
        if self._task is not None:
            self._task.cancel()

    def _is_cancelled_by_timer(self) -> bool:
        """Take the timer's cancellation back. Whether there was no other, as of a shutdown."""
        task = self._task
        return task is not None and task.uncancel() <= self._cancelled_before


class Pieces(AsyncIterator[bytes]):
    """A body in pieces. aiohttp asks for the next one when it has got rid of those before."""

    def __init__(self, body: AsyncIterator[bytes], attempt: Attempt) -> None:
        self._body = body
        self._attempt = attempt

    async def __anext__(self) -> bytes:
        self._attempt.taken()
        try:
            piece = await anext(self._body)
        except StopAsyncIteration:
            self._attempt.sent()
            raise
        self._attempt.offered()
        return piece


current_attempt: ContextVar[Attempt] = ContextVar("current_attempt")
