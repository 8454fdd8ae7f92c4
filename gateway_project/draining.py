"""What happens between the signal to stop and the end of a worker.

The server would close its doors and wait. Before it hears of the signal, readiness turns false, new
requests are refused, streams get time to finish, and those that do not are told why they end.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from limits.admission.gate import gate
from proxy.resumable.readers import Reader, readers
from usage.exchange import Exchange, StopReason
from usage.in_flight import in_flight

logger = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)
POLL_SECONDS = 0.05
# For the last words of a stream; a client that has not read them by then is cut.
FAREWELL_SECONDS = 2.0


class Drain:
    """Takes the place of the server's signal handlers until nobody is left to be answered.

    ``delay``: seconds in which requests are still taken, for load balancers to notice. ``grace``:
    seconds for the requests in flight to finish.
    """

    def __init__(self, *, delay: float, grace: float) -> None:
        self._delay = delay
        self._grace = grace
        self._loop = asyncio.get_running_loop()
        self._handlers: dict[int, Any] = {}
        self._draining: asyncio.Task[None] | None = None

    @property
    def has_begun(self) -> bool:
        return self._draining is not None

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Drain upon a signal until the block is left. Signals reach the main thread alone."""
        is_main = threading.current_thread() is threading.main_thread()
        for number in SIGNALS if is_main else ():
            self._handlers[number] = signal.signal(number, self._on_signal)
        try:
            yield
        finally:
            self._put_back()
            if self._draining is not None:
                self._draining.cancel()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._begin, number)

    def _begin(self, number: int) -> None:
        if self._draining is None:
            self._draining = self._loop.create_task(self._drain(number))
        elif number == signal.SIGINT:  # a second Ctrl-C
            self._hand_over(number)

    async def _drain(self, number: int) -> None:
        await asyncio.sleep(self._delay)
        in_flight.is_accepting = False
        gate.waiting.stop(StopReason.SHUTTING_DOWN)  # another worker may have room for them
        logger.info(
            "draining: new requests are answered 503 shutting_down, %d go on", len(in_flight)
        )
        await self._until_idle(self._grace)
        for _ in range(2):  # the first stop tells the client, the second cuts the connection
            for answered in _being_answered():
                answered.stop(StopReason.SHUTTING_DOWN)
            await self._until_idle(FAREWELL_SECONDS)
        self._hand_over(number)

    async def _until_idle(self, seconds: float) -> None:
        ends_at = self._loop.time() + seconds
        while _being_answered() and self._loop.time() < ends_at:  # noqa: ASYNC110 - while leaving
            await asyncio.sleep(POLL_SECONDS)

    def _hand_over(self, number: int) -> None:
        self._put_back()
        signal.raise_signal(number)

    def _put_back(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)


def _being_answered() -> list[Exchange | Reader]:
    """What is waited for, and stopped when it takes too long."""
    return [*in_flight, *readers]


_drain: Drain | None = None


@contextmanager
def drained_on_signals(*, delay: float, grace: float) -> Iterator[None]:
    """Have this worker drained before a signal reaches the server."""
    global _drain  # noqa: PLW0603 - one worker, one drain
    _drain = Drain(delay=delay, grace=grace)
    try:
        with _drain.on_signals():
            yield
    finally:
        _drain = None


def is_draining() -> bool:
    """Whether this worker is on its way out."""
    return _drain is not None and _drain.has_begun
