"""Meters in the memory of one process: exact where it is the only one.

::

    take ──► weigh on every meter ──► reserve on all ──► reservation ──► settle ──► done
                    │ one is over                            │ lease runs out
                    └─► nothing is reserved                  └─► released; a later settle counts

What happens between the calls is in :mod:`limits.meters.upkeep`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

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
from limits.meters.known_meters import State
from limits.meters.memory_states import NO_HOLD, ONE_HELD, Reserved
from limits.meters.upkeep import Held, Upkeep
from limits.meters.weighing import Weighed, refused

NO_HOLDS: Mapping[str, Reserved] = {}


class MemoryMeters(Upkeep):
    """``clock`` tells seconds since the epoch; ``sleep`` waits for seconds."""

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(clock)
        self._sleep = sleep

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
        self._reservations[reservation] = Held(now + LEASE_SECONDS, holds)
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
        held: Held | None,
        weighed: Sequence[Weighed],
        now: float,
    ) -> Taken:
        if held is None:
            held = Held(now + LEASE_SECONDS, {})
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
            state = known(meter) or (None if is_stored else self._meters.used(use, now))
            if state is not None:
                state.settle(reservation, 0 if is_stored else use.amount, hold, now)
        if holds:
            self._release(holds, now)

    def settle_at_once(self, reservation: str, used: Sequence[tuple[str, int]]) -> bool:
        """Settle a reservation that is still held. ``used`` has each meter's name and amount.

        Returns False, and changes nothing, where :meth:`settle` is needed: the lease ran out, a
        meter is unknown, or the database holds one of the uses.
        """
        now = self._caught_up()
        held, stored, known = self._reservations.get(reservation), self._stored, self._meters.get
        if held is None or (stored and any((meter, reservation) in stored for meter, _ in used)):
            return False
        states = []
        for meter, _ in used:
            state = known(meter)
            if state is None:
                return False
            states.append(state)
        del self._reservations[reservation]
        self._done[reservation] = now
        take = held.holds.pop
        for state, (meter, amount) in zip(states, used, strict=True):
            state.settle(reservation, amount, take(meter, NO_HOLD), now)
        if held.holds:
            self._release(held.holds, now)
        return True

    async def seed(self, bases: Sequence[Base]) -> None:
        now = self._caught_up()
        self._store(bases, now)

    async def read(self, asks: Sequence[Ask]) -> tuple[Reading | None, ...]:
        now = self._caught_up()
        return tuple(self._reading(ask, now) for ask in asks)

    async def run(self) -> None:
        while True:
            await self._sleep(RENEW_SECONDS)
            self.renew()

    def _reading(self, ask: Ask, now: float) -> Reading | None:
        state = self._meters.get(ask.meter)
        if state is None and ask.kind is MeterKind.PERIOD:
            return None
        if state is None:
            return Reading(ask.meter, ask.amount, 0, 0.0)
        return state.reading(ask, now) if state.is_known else None
