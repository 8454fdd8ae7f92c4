"""Ends responses that fall silent or take too long.

::

    timer --> _check --+-- the body is complete ------> no further timer
      ^                |-- past ends_at --------------> _end
      |                |-- silent for idle seconds ---> _end
      +----------------+-- else: again after one interval, or at ends_at if that is sooner

    the count of silence restarts at a check that finds new bytes, or no waiting reader
    _end:  the reader gets httpx.ReadTimeout, the connection is dropped
    stop:  cancels the timer; called when the body was read, or is closed
"""

from __future__ import annotations

import asyncio

import aiohttp
import httpx

from connections.errors import OutOfTimeError
from connections.transport.attempt import Attempt

CHECKS_PER_IDLE_TIMEOUT = 4
LONGEST_INTERVAL_SECONDS = 1.0
EARLY_SECONDS = 0.005  # uvloop counts in milliseconds, so its timers may fire before their time


class Watchdog:
    """One timer for each response, and next to nothing for each chunk.

    Silence counts only while the reader waits (``is_awaited``): an upstream held back by a slow
    client is not silent. It is noticed after ``idle`` seconds, and one interval later at the most.
    Nor does it count while the upstream still waits for, or takes, pieces of the request. The whole
    ends at the attempt's ``ends_at``. The body's reader gets ``httpx.ReadTimeout``.
    """

    __slots__ = (
        "_attempt",
        "_idle",
        "_interval",
        "_loop",
        "_quiet_since",
        "_response",
        "_seen",
        "_timer",
        "chunks_taken",
        "is_awaited",
    )

    def __init__(self, response: aiohttp.ClientResponse, attempt: Attempt) -> None:
        self.is_awaited = False
        self.chunks_taken = 0  # that passed on the short road, which aiohttp has not counted
        self._loop = asyncio.get_running_loop()
        self._response = response
        self._attempt = attempt
        self._idle = attempt.timeouts.idle
        self._interval = min(self._idle / CHECKS_PER_IDLE_TIMEOUT, LONGEST_INTERVAL_SECONDS)
        self._seen = -1
        self._timer: asyncio.TimerHandle | None = None
        if not response.content.is_eof():  # or the whole answer came with its head
            self._quiet_since = now = self._loop.time()
            self._rearm(now)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _rearm(self, now: float) -> None:
        self._timer = self._loop.call_at(
            min(now + self._interval, self._attempt.ends_at), self._check
        )

    def _check(self) -> None:
        content = self._response.content
        if content.is_eof():
            return
        now = self._loop.time()
        attempt = self._attempt
        seen = content.total_bytes + attempt.pieces_taken + self.chunks_taken
        if not self.is_awaited or attempt.is_starved or seen != self._seen:
            self._seen = seen
            self._quiet_since = now
        if now + EARLY_SECONDS >= attempt.ends_at:
            self._end(OutOfTimeError("The answer took too long."))
        elif now + EARLY_SECONDS >= self._quiet_since + self._idle:
            self._end(httpx.ReadTimeout("The upstream fell silent."))
        else:
            self._rearm(now)

    def _end(self, error: httpx.TransportError) -> None:
        self._response.content.set_exception(error)
        drop_connection(self._response)


def drop_connection(response: aiohttp.ClientResponse) -> None:
    """Close the connection of an unfinished response at once, without a farewell."""
    connection = response.connection
    transport = None if connection is None else connection.transport
    response.close()
    if transport is not None:
        transport.abort()
