"""Requests that wait where a limit says ``wait_seconds``, in place of being refused.

::

    take ──► admitted                    somebody waits for one of the meters: no take
     │                                            │
     └─► refused ──► time to come back? ──► queue ┴─► take again ──► admitted
                       │ later than it waits           │ the time is over, or the worker stops
                       └─► LimitReachedError ◄─────────┘

A request waits for as long as the limit that refuses it says, and holds nothing of that limit
meanwhile. Its class: streams are interactive, ``service_tier: flex`` is batch,
``service_tier: priority`` interactive, and all else normal.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from limits.admission.fair_order import Place, Priority
from limits.admission.queue import Ticket, WaitingQueue
from limits.demand import Demand
from limits.matches import Matched
from limits.refusals import LimitReachedError
from usage.exchange import Exchange, StopReason
from usage.in_flight import in_flight
from usage.limit_counts import limit_counts

BATCH_TIER, FAST_TIER = "flex", "priority"
ORDINARY_TOKENS = 4_096  # of one request, for its place among others

Result = TypeVar("Result")


class _RefusedForGoodError(Exception):
    """A limit refuses the request for longer than it is to wait there."""

    def __init__(self, refused: LimitReachedError) -> None:
        super().__init__(str(refused))
        self.refused = refused


class Waiting:
    """The requests of a worker that wait. Belongs to the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.queue = WaitingQueue(clock)
        self._clock = clock
        self._exchanges: set[Exchange] = set()

    def ahead(self, wanted: Iterable[Matched], at: float) -> LimitReachedError | None:
        """What was said to the request that has its turn at one of the limits ``wanted``, for one
        that was accepted ``at`` then: a request that would not wait overtakes."""
        if not self.queue.waiting:
            return None
        return self.queue.ahead(each.meter_at(at) for each in wanted if each.rule.wait_seconds > 0)

    async def admitted(
        self,
        exchange: Exchange,
        refused: LimitReachedError,
        demand: Callable[[], Awaitable[Demand]],
        take: Callable[[], Awaitable[Result]],
    ) -> Result:
        """What ``take`` returns after a wait, since ``refused`` has been said to it.

        Raises ``LimitError``, and ``refused`` where no wait helps. ``demand`` is asked before a
        wait alone.
        """
        if not _may_help(refused, 0.0):
            raise refused
        place = place_of(exchange, await demand())
        return await self._after_wait(exchange, place, refused, take)

    async def _after_wait(
        self,
        exchange: Exchange,
        place: Place,
        refused: LimitReachedError,
        take: Callable[[], Awaitable[Result]],
    ) -> Result:
        began = self._clock()

        async def try_again() -> Result:
            try:
                return await take()
            except LimitReachedError as exc:
                if not _may_help(exc, self._clock() - began):
                    raise _RefusedForGoodError(exc) from exc
                raise

        with self.noted(exchange, refused):
            try:
                return await self.queue.wait(
                    Ticket(place, refused.rule.wait_seconds), refused, try_again
                )
            except _RefusedForGoodError as exc:
                raise exc.refused from exc.refused.__cause__

    @contextmanager
    def noted(self, exchange: Exchange, refused: LimitReachedError) -> Iterator[None]:
        """Count ``exchange`` as waiting for the limit that ``refused`` it, in whichever queue."""
        began = self._clock()
        limit_counts.queue(refused.rule.label)
        limit_counts.waiting += 1
        self._exchanges.add(exchange)
        if not in_flight.is_accepting:  # it came in before, and another worker may have room
            exchange.stop(StopReason.SHUTTING_DOWN)
        try:
            yield
        finally:
            exchange.queued_seconds += self._clock() - began
            self._exchanges.discard(exchange)
            limit_counts.waiting -= 1

    def wake(self, meters: Iterable[str]) -> None:
        """Something of ``meters`` was given back."""
        if self.queue.waiting:
            self.queue.wake(meters)

    def stop(self, reason: StopReason) -> None:
        """End all requests that wait, which are told ``reason``."""
        for exchange in tuple(self._exchanges):
            exchange.stop(reason)


def place_of(exchange: Exchange, demand: Demand) -> Place:
    """Where the request waits. One with many tokens takes as many turns as several with few."""
    cost = (demand.input_tokens + (demand.output_tokens or 0)) // ORDINARY_TOKENS
    return Place(exchange.caller.key_id.hex, priority_of(exchange, demand), cost)


def priority_of(exchange: Exchange, demand: Demand) -> Priority:
    """The class of the request, by what it asks for and whether somebody is likely to watch."""
    if demand.service_tier == BATCH_TIER:
        return Priority.BATCH
    if exchange.is_streamed or demand.service_tier == FAST_TIER:
        return Priority.INTERACTIVE
    return Priority.NORMAL


def _may_help(refused: LimitReachedError, waited: float) -> bool:
    """Whether the limit may have room again before the request, which ``waited``, gives up."""
    left = refused.rule.wait_seconds - waited
    return left > 0 and (refused.retry_seconds is None or refused.retry_seconds <= left)
