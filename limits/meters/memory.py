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
from typing import cast

from limits.meters.interface import (
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
    new,
)
from limits.meters.known_meters import KnownMeters, State
from limits.meters.memory_states import NO_HOLD, ONE_HELD, Reserved
from limits.meters.recent import Recent
from limits.meters.weighing import Weighed, refused

DONE_SECONDS = 600.0  # so long a second settlement is recognised
TIDY_SECONDS = 1.0  # shorter than a lease


class _Reservation:
    __slots__ = ("expires_at", "holds")

    def __init__(self, expires_at: float, holds: dict[str, Reserved]) -> None:
        self.expires_at = expires_at
        self.holds = holds


NO_HOLDS: Mapping[str, Reserved] = {}


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
        self._tidy_at = 0.0

    def __len__(self) -> int:
        """How many meters are remembered."""
        return len(self._meters)

    def take_at_once(self, reservation: str, asks: Sequence[Ask]) -> tuple[Reading, ...] | None:
        """Reserve what is typical, for a reservation that holds nothing yet; None where some meter
        is near its amount or unknown, and nothing is reserved then.

        Nearly all requests come this way, for a third of what :meth:`take` costs.
        """
        now = self._clock()
        if self._noted or now >= self._tidy_at:
            now = self._caught_up()
        if reservation in self._reservations or reservation in self._done:
            return None
        known = self._meters.get
        holds: dict[str, Reserved] = {}
        readings = []
        for ask in asks:
            meter, _, amount, typical, worst, window_us, _, _ = ask
            state = known(meter) or self._meters.make(ask, amount, now)
            reading = state.take_typical(meter, amount, typical, worst, window_us, now)
            if reading is None:
                self._release(holds, now)
                return None
            holds[meter] = ONE_HELD if worst == 1 == typical else new(Reserved, (typical, worst))
            readings.append(reading)
        self._reservations[reservation] = _Reservation(now + LEASE_SECONDS, holds)
        return tuple(readings)

    async def take(self, reservation: str, asks: Sequence[Ask]) -> Taken | Refused | Unknown:
        at_once = self.take_at_once(reservation, asks)
        if at_once is not None:
            return Taken(at_once)
        now = self._caught_up()
        if reservation in self._done:
            return Taken(tuple(self._asked(ask, now).reading(ask, now) for ask in asks))
        held = self._reservations.get(reservation)
        holds = NO_HOLDS if held is None else held.holds
        weighed: list[Weighed] = []
        unknown: list[str] = []
        is_refused = False
        known = self._meters.get
        for ask in asks:
            state = known(ask.meter) or self._meters.make(ask, ask.amount, now)
            if not state.is_known:
                unknown.append(ask.meter)
                continue
            hold = holds.get(ask.meter, NO_HOLD)
            total, fits = hold.reserved, True
            if hold is NO_HOLD or ask.worst > hold.worst:
                total, fits = state.weigh(ask, hold, now)
            weighed.append((ask, state, hold, total, fits))
            if not fits and ask.is_enforced:
                is_refused = True
        if unknown:
            return Unknown(tuple(unknown))
        if is_refused:
            return refused(weighed, now)
        return self._taken(reservation, held, weighed, now)

    def _asked(self, ask: Ask, now: float) -> State:
        return self._meters.get(ask.meter) or self._meters.make(ask, ask.amount, now)

    def _taken(
        self,
        reservation: str,
        held: _Reservation | None,
        weighed: Sequence[Weighed],
        now: float,
    ) -> Taken:
        if held is None:
            held = _Reservation(now + LEASE_SECONDS, {})
        else:
            del self._reservations[reservation]  # to the end of those by their lease
            held.expires_at = now + LEASE_SECONDS
        self._reservations[reservation] = held
        readings = []
        for ask, state, hold, total, fits in weighed:
            if hold is NO_HOLD or ask.worst > hold.worst:
                state.reserve(total, ask, hold, now)
                held.holds[ask.meter] = new(Reserved, (total, ask.worst))
            readings.append(state.reading(ask, now, not fits))
        return new(Taken, (tuple(readings),))

    def settle(self, settlement: Settlement) -> None:
        now = self._caught_up()
        reservation, uses = settlement
        if reservation in self._done:
            return
        self._done[reservation] = now
        held = self._reservations.pop(reservation, None)
        holds = {} if held is None else held.holds
        known, stored = self._meters.get, self._stored
        for use in uses:
            meter = use.meter
            hold = holds.pop(meter, NO_HOLD)
            is_stored = stored and stored.pop((meter, reservation), None) is not None
            state = known(meter) or self._meters.used(use, now)
            if state is not None:
                state.settle(reservation, 0 if is_stored else use.amount, hold, now)
        if holds:
            self._release(holds, now)

    def settle_at_once(self, reservation: str, used: Sequence[tuple[str, int]]) -> bool:
        """Settle what :meth:`take_at_once` reserved: ``used`` has the meters, each with its amount.

        Returns whether it did. A lease that ran out, and what the database holds already, are left
        to :meth:`settle`.
        """
        now = self._caught_up()
        held, known = self._reservations.get(reservation), self._meters.get
        if held is None or self._stored:
            return False
        states = cast("list[State]", [known(meter) for meter, _ in used])
        if None in states:
            return False
        del self._reservations[reservation]
        self._done[reservation] = now
        take = held.holds.pop
        for state, (meter, amount) in zip(states, used):  # noqa: B905 - one is made of the other
            state.settle(reservation, amount, take(meter, NO_HOLD), now)
        if held.holds:
            self._release(held.holds, now)
        return True

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
        if now >= self._tidy_at:
            self._tidy(now)
        return now

    def _tidy(self, now: float) -> None:
        """End leases and forget what is old. A lease ends on the spot, all else within a second."""
        self._tidy_at = now + TIDY_SECONDS
        while self._reservations:
            reservation, held = next(iter(self._reservations.items()))
            if held.expires_at > now:
                self._tidy_at = min(self._tidy_at, held.expires_at)
                break
            del self._reservations[reservation]
            self._release(held.holds, now)
        self._meters.forget_unused(now)
        self._done.forget_old(now)
        self._stored.forget_old(now)

    def _release(self, holds: Mapping[str, Reserved], now: float) -> None:
        for meter, hold in holds.items():
            state = self._meters.get(meter)
            if state is not None:
                state.release(hold, now)

    def _store(self, bases: Sequence[Base], now: float) -> None:
        for base in bases:
            period = self._meters.period(base.meter, now)
            period.store(base)
            for reservation in period.stored(base.reservations):
                if reservation not in self._done:
                    self._stored[base.meter, reservation] = now
                    self._let_go(reservation, base.meter, now)

    def _let_go(self, reservation: str, meter: str, now: float) -> None:
        """Release what is held of one meter, whose use is stored before it was settled."""
        held = self._reservations.get(reservation)
        hold = None if held is None else held.holds.pop(meter, None)
        if hold is not None:
            self._release({meter: hold}, now)
