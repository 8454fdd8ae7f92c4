"""Meters in the memory of one process: exact where it is the only one.

::

    take ──► weigh on every meter ──► reserve on all ──► reservation ──► settle ──► done
                    │ one is over                            │ lease runs out
                    └─► nothing is reserved                  └─► released; a later settle counts

    flushed (any thread) ──► noted ──► the next call on the event loop takes it over
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence

from limits.known_meters import KnownMeters, State
from limits.memory_states import NO_HOLD, Hold, Weighed
from limits.meters import (
    LEASE_SECONDS,
    RENEW_SECONDS,
    Ask,
    Base,
    MeterKind,
    Reading,
    Refused,
    Settlement,
    Taken,
    Unknown,
)
from limits.recent import Recent

DONE_SECONDS = 600.0  # so long a second settlement is recognised


class _Reservation:
    __slots__ = ("expires_at", "holds")

    def __init__(self, expires_at: float) -> None:
        self.expires_at = expires_at
        self.holds: dict[str, Hold] = {}


NO_HOLDS: Mapping[str, Hold] = {}


class MemoryMeters:
    """``clock`` tells seconds since the epoch; ``sleep`` waits for seconds."""

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._meters = KnownMeters()
        self._reservations: OrderedDict[str, _Reservation] = OrderedDict()  # by end of lease
        self._done: Recent[str] = Recent(DONE_SECONDS)
        # Uses that the database held before they were settled here.
        self._stored: Recent[tuple[str, str]] = Recent(DONE_SECONDS)
        self._noted: deque[Sequence[Base]] = deque()

    def __len__(self) -> int:
        """How many meters are remembered."""
        return len(self._meters)

    async def take(self, reservation: str, asks: Sequence[Ask]) -> Taken | Refused | Unknown:
        now = self._caught_up()
        if reservation in self._done:
            return Taken(tuple(self._meters.asked(ask, now).reading(ask, now) for ask in asks))
        held = self._reservations.get(reservation)
        holds = NO_HOLDS if held is None else held.holds
        states = [self._meters.asked(ask, now) for ask in asks]
        if not all(state.is_known for state in states):
            pairs = zip(asks, states, strict=True)
            return Unknown(tuple(ask.meter for ask, state in pairs if not state.is_known))
        weighed = []
        refused = False
        for ask, state in zip(asks, states, strict=True):
            hold = holds.get(ask.meter, NO_HOLD)
            if hold is not NO_HOLD and ask.worst <= hold.worst:
                weighed.append(Weighed(hold.reserved, True))
                continue
            one = state.weigh(ask, hold, now)
            weighed.append(one)
            refused = refused or not (one.fits or not ask.is_enforced)
        if refused:
            return _refused(asks, states, weighed, holds, now)
        return self._taken(reservation, asks, states, weighed, now)

    def _taken(
        self,
        reservation: str,
        asks: Sequence[Ask],
        states: Sequence[State],
        weighed: Sequence[Weighed],
        now: float,
    ) -> Taken:
        held = self._reservations.pop(reservation, None) or _Reservation(0.0)
        held.expires_at = now + LEASE_SECONDS
        self._reservations[reservation] = held
        holds = held.holds
        readings = []
        for ask, state, one in zip(asks, states, weighed, strict=True):
            hold = holds.get(ask.meter, NO_HOLD)
            if hold is NO_HOLD or ask.worst > hold.worst:
                state.reserve(one, ask, hold, now)
                holds[ask.meter] = Hold(one.total, ask.worst)
            readings.append(state.reading(ask, now, not one.fits))
        return Taken(tuple(readings))

    def settle(self, settlement: Settlement) -> None:
        now = self._caught_up()
        reservation = settlement.reservation
        if reservation in self._done:
            return
        self._done.add(reservation, now)
        held = self._reservations.pop(reservation, None)
        holds = {} if held is None else held.holds
        for use in settlement.uses:
            hold = holds.pop(use.meter, NO_HOLD)
            if self._stored and self._stored.remove((use.meter, reservation)):
                use = use._replace(amount=0)  # noqa: PLW2901
            state = self._meters.used(use, now)
            if state is not None:
                state.settle(reservation, use, hold, now)
        if holds:
            self._release(holds, now)

    async def seed(self, bases: Sequence[Base]) -> None:
        now = self._caught_up()
        self._store(bases, now)

    def flushed(self, bases: Sequence[Base]) -> None:
        self._noted.append(bases)

    async def read(self, asks: Sequence[Ask]) -> tuple[Reading | None, ...]:
        now = self._caught_up()
        return tuple(self._reading(ask, now) for ask in asks)

    async def run(self) -> None:
        while True:
            await self._sleep(RENEW_SECONDS)
            self.renew()

    def renew(self) -> None:
        """Every reservation that runs in this process holds for a whole lease from now."""
        expires_at = self._caught_up() + LEASE_SECONDS
        for reservation in self._reservations.values():
            reservation.expires_at = expires_at

    def _reading(self, ask: Ask, now: float) -> Reading | None:
        state = self._meters.get(ask.meter)
        if state is None and ask.kind is MeterKind.PERIOD:
            return None
        if state is None:
            return Reading(ask.meter, ask.amount, 0, 0.0)
        return state.reading(ask, now) if state.is_known else None

    def _caught_up(self) -> float:
        """Now, after what happened meanwhile was done: flushes, leases that ran out."""
        now = self._clock()
        while self._noted:
            self._store(self._noted.popleft(), now)
        while self._reservations:
            reservation, held = next(iter(self._reservations.items()))
            if held.expires_at > now:
                break
            del self._reservations[reservation]
            self._release(held.holds, now)
        self._meters.forget_unused(now)
        self._done.forget_old(now)
        self._stored.forget_old(now)
        return now

    def _release(self, holds: Mapping[str, Hold], now: float) -> None:
        for meter, hold in holds.items():
            state = self._meters.get(meter)
            if state is not None:
                state.release(hold, now)

    def _store(self, bases: Sequence[Base], now: float) -> None:
        for base in bases:
            period = self._meters.period(base.meter, now)
            period.store(base)
            for reservation in base.reservations:
                if not period.is_stored(reservation) and reservation not in self._done:
                    self._stored.add((base.meter, reservation), now)


def _refused(
    asks: Sequence[Ask],
    states: Sequence[State],
    weighed: Sequence[Weighed],
    holds: Mapping[str, Hold],
    now: float,
) -> Refused:
    over = []
    readings = []
    for position, (ask, state, one) in enumerate(zip(asks, states, weighed, strict=True)):
        if not one.fits and ask.is_enforced:
            over.append(position)
        more = one.total - holds.get(ask.meter, NO_HOLD).reserved
        readings.append(state.reading(ask, now, not one.fits, more))
    return Refused(tuple(over), tuple(readings))
