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
    PlainReading,
    Reading,
    Refused,
    Settlement,
    Taken,
    Terms,
    Unknown,
    new,
)
from limits.meters.known_meters import State
from limits.meters.memory_states import NO_HOLD, Reserved
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

    def take_at_once(
        self, reservation: str, terms: Sequence[Terms], holds: Sequence[Reserved]
    ) -> list[PlainReading] | None:
        """Reserve what is typical, for a reservation that holds nothing yet; None where some meter
        is near its amount or unknown, and nothing is reserved then. ``holds``: the typical and the
        worst use of each of ``terms``, in its own unit.

        Nearly all requests come this way, which costs far less than :meth:`take`.
        """
        now = self._clock()  # as in _caught_up, without its call where nothing happened meanwhile
        if self._noted or now >= self._tidy_at:
            now = self._caught_up()
        if reservation in self._reservations or reservation in self._done:
            return None
        known = self._meters.get
        held: dict[str, Reserved] = {}
        readings: list[PlainReading] = []
        for each, hold in zip(terms, holds, strict=True):
            meter, amount = each.meter, each.amount
            state = known(meter)
            if state is None:
                state = self._meters.make(each, amount, now)
            reading = state.take_typical(meter, amount, each.window_us, hold, now)
            if reading is None:
                self._release(held, now)
                return None
            held[meter] = hold
            readings.append(reading)
        self._reservations[reservation] = now + LEASE_SECONDS, held
        return readings

    async def take(self, reservation: str, asks: Sequence[Ask]) -> Taken | Refused | Unknown:
        at_once = self.take_at_once(
            reservation,
            [Terms(ask.meter, ask.kind, ask.amount, ask.window_us) for ask in asks],
            [(ask.typical, ask.worst) for ask in asks],
        )
        if at_once is not None:
            return Taken(tuple(Reading(*reading) for reading in at_once))
        now = self._caught_up()
        if reservation in self._done:
            return Taken(tuple(self._asked(ask, now).reading(ask, now) for ask in asks))
        held = self._reservations.get(reservation)
        holds = NO_HOLDS if held is None else held[1]
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
            total, most = hold
            fits = True
            if hold is NO_HOLD or ask.worst > most:
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
        holds = {} if held is None else held[1]
        if held is not None:
            del self._reservations[reservation]  # to the end of those by their lease
        self._reservations[reservation] = now + LEASE_SECONDS, holds
        readings = []
        for ask, state, hold, total, fits in weighed:
            _, most = hold
            if hold is NO_HOLD or ask.worst > most:
                state.reserve(total, ask, hold, now)
                holds[ask.meter] = total, ask.worst
            readings.append(state.reading(ask, now, not fits))
        return new(Taken, (tuple(readings),))

    def settle(self, settlement: Settlement) -> None:
        now = self._caught_up()
        reservation, uses = settlement
        if reservation in self._done:
            return
        self._done[reservation] = now
        held = self._reservations.pop(reservation, None)
        holds = {} if held is None else held[1]
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

    def settle_at_once(
        self, reservation: str, terms: Sequence[Terms], amounts: Sequence[int]
    ) -> bool:
        """Settle what :meth:`take_at_once` took by ``terms``, of which ``amounts`` were used.

        Returns False, and changes nothing, where :meth:`settle` is needed: the lease ran out, other
        meters are held as well, or the database holds one of the uses.
        """
        now = self._clock()
        if self._noted or now >= self._tidy_at:
            now = self._caught_up()
        held, stored = self._reservations.get(reservation), self._stored
        if held is None:
            return False
        _, holds = held
        if len(holds) != len(amounts):
            return False
        if stored and self._is_stored(reservation, holds):
            return False
        del self._reservations[reservation]
        self._done[reservation] = now
        known = self._meters.get
        # What is held is in the order of its terms.
        for each, hold, amount in zip(terms, holds.values(), amounts, strict=True):
            state = known(each.meter)
            if state is None:  # a bucket that was full again, and is forgotten
                state = self._meters.make(each, each.amount, now)
            state.settle(reservation, amount, hold, now)
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
