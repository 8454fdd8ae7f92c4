"""Requests that wait in this worker until a limit admits them.

::

    refused ──► lane of the meter that refused ──► first in fair order ──► try again ──► admitted
                  ▲                                   │ settled, or time     │
                  │                                   └──────────◄───────────┤ the same meter
                  └──────────────────────────────────────────────◄───────────┘ another meter

One request of a lane has its turn, and keeps it until it is admitted or leaves, so that smaller
ones never overtake a large one for good. Lanes are independent of each other. Each request tries in
its own task: an error of a try, apart from being refused again, is raised to whoever waits.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple, TypeVar

from limits.admission.fair_order import FairOrder, Place
from limits.refusals import LimitReachedError

MOST = 256
MOST_OF_A_KEY = 64  # one key alone never fills the queue
LONGEST_PAUSE_SECONDS = 1.0  # what other workers settle is not heard here
SHORTEST_PAUSE_SECONDS = 0.01

Result = TypeVar("Result")


class Ticket(NamedTuple):
    """``seconds`` is how long the request is ready to wait in all."""

    place: Place
    seconds: float


class _Waiter:
    __slots__ = ("gives_up_at", "is_called", "lane", "place", "refused", "retry_at")

    def __init__(self, place: Place, gives_up_at: float, refused: LimitReachedError) -> None:
        self.place = place
        self.gives_up_at = gives_up_at
        self.refused = refused
        self.retry_at = 0.0
        self.is_called = asyncio.Event()
        self.lane = ""


class _Lane:
    __slots__ = ("first", "others")

    def __init__(self) -> None:
        self.first: _Waiter | None = None
        self.others: FairOrder[_Waiter] = FairOrder()


class WaitingQueue:
    """Belongs to one event loop. ``clock`` tells seconds; so many are ``waiting``."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lanes: dict[str, _Lane] = {}
        self._of_key: Counter[str] = Counter()
        self.waiting = 0

    def __len__(self) -> int:
        return self.waiting

    def ahead(self, meters: Iterable[str]) -> LimitReachedError | None:
        """The last refusal of the request that has its turn at one of ``meters``.

        A new request that finds one is to wait too, without a try: it would overtake.
        """
        for meter in meters:
            lane = self._lanes.get(meter)
            if lane is not None and lane.first is not None:
                return lane.first.refused
        return None

    def wake(self, meters: Iterable[str]) -> None:
        """Something was settled on ``meters``: whoever has its turn there tries again."""
        for meter in meters:
            lane = self._lanes.get(meter)
            if lane is not None and lane.first is not None:
                lane.first.is_called.set()

    async def wait(
        self,
        ticket: Ticket,
        refused: LimitReachedError,
        try_again: Callable[[], Awaitable[Result]],
    ) -> Result:
        """What ``try_again`` returns once it does not raise ``LimitReachedError`` any more.

        Raises the last ``LimitReachedError`` when the time is over, and ``refused`` at once when
        the queue is full, or has enough of this key.
        """
        if self.waiting >= MOST or self._of_key[ticket.place.key] >= MOST_OF_A_KEY:
            raise refused
        waiter = _Waiter(ticket.place, self._clock() + ticket.seconds, refused)
        self._join(waiter)
        try:
            while True:
                await self._turn(waiter)
                waiter.is_called.clear()
                try:
                    return await try_again()
                except LimitReachedError as again:
                    self._move(waiter, again)
        finally:
            self._leave(waiter)

    async def _turn(self, waiter: _Waiter) -> None:
        while True:
            now = self._clock()
            if now >= waiter.gives_up_at:
                raise waiter.refused
            if waiter.is_called.is_set():
                return
            until = waiter.gives_up_at
            if self._lanes[waiter.lane].first is waiter:
                if now >= waiter.retry_at:
                    return
                until = min(until, waiter.retry_at)
            await _set_within(waiter.is_called, until - now)

    def _join(self, waiter: _Waiter) -> None:
        self.waiting += 1
        self._of_key[waiter.place.key] += 1
        self._enter(waiter)

    def _leave(self, waiter: _Waiter) -> None:
        self.waiting -= 1
        self._of_key[waiter.place.key] -= 1
        if not self._of_key[waiter.place.key]:
            del self._of_key[waiter.place.key]
        self._exit(waiter)

    def _move(self, waiter: _Waiter, refused: LimitReachedError) -> None:
        waiter.refused = refused
        if _meter(refused) == waiter.lane:
            waiter.retry_at = self._clock() + _pause_seconds(refused)
        else:
            self._exit(waiter)
            waiter.is_called.clear()  # it was called to its turn in the other lane
            self._enter(waiter)

    def _enter(self, waiter: _Waiter) -> None:
        waiter.lane = _meter(waiter.refused)
        waiter.retry_at = self._clock() + _pause_seconds(waiter.refused)
        lane = self._lanes.setdefault(waiter.lane, _Lane())
        if lane.first is None:
            lane.first = waiter
        else:
            lane.others.add(waiter, waiter.place)

    def _exit(self, waiter: _Waiter) -> None:
        lane = self._lanes[waiter.lane]
        if lane.first is not waiter:
            lane.others.remove(waiter, waiter.place)
        elif len(lane.others):
            lane.first = lane.others.pick()
            lane.first.is_called.set()
        else:
            del self._lanes[waiter.lane]


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Return as soon as ``event`` is set, and after ``seconds`` anyway."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _meter(refused: LimitReachedError) -> str:
    return "" if refused.reading is None else refused.reading.meter


def _pause_seconds(refused: LimitReachedError) -> float:
    wanted = LONGEST_PAUSE_SECONDS if refused.retry_seconds is None else refused.retry_seconds
    return min(max(wanted, SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
