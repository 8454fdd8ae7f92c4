"""Meters of one of several workers that share no Redis, or have lost it: a part of each amount.

::

    seed ──────► part of what the database holds ─┐
    settle ────► own use, pending                 ├─► never more than the part of the amount
    flushed ───► own use, stored ─────────────────┘

What other workers use later is not heard of, and is not counted either: it is of their parts. An
amount that is smaller than the number of workers leaves one for each of them.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from limits.meters.interface import (
    Ask,
    Base,
    MeterKind,
    Reading,
    Refused,
    Settlement,
    Taken,
    Unknown,
)
from limits.meters.memory import MemoryMeters
from limits.meters.memory_states import KEEP_SECONDS


@dataclass(slots=True)
class _Part:
    """What counts of a period here: a part of what was there before, and what this worker used."""

    amount: int
    ends_at: float


class DividedMeters:
    """``workers`` is the number to divide by. ``clock`` tells seconds since the epoch."""

    def __init__(self, workers: int, *, clock: Callable[[], float] = time.time) -> None:
        self._workers = max(workers, 1)
        self._clock = clock
        self._meters = MemoryMeters(clock)
        self._parts: dict[str, _Part] = {}
        self._settled: dict[tuple[str, str], int] = {}  # by meter and reservation, until stored
        self._noted: deque[Sequence[Base]] = deque()

    async def take(self, reservation: str, asks: Sequence[Ask]) -> Taken | Refused | Unknown:
        self._take_note()
        return await self._meters.take(reservation, [self._divided(ask) for ask in asks])

    def settle(self, settlement: Settlement) -> None:
        """The limit of a bucket, too, is the whole one."""
        self._take_note()
        reservation = settlement.reservation
        uses = tuple(use._replace(limit=self._part(use.limit)) for use in settlement.uses)
        for use in uses:
            if use.kind is MeterKind.PERIOD and use.amount:
                self._settled.setdefault((use.meter, reservation), use.amount)
        self._meters.settle(Settlement(reservation, uses))

    async def seed(self, bases: Sequence[Base]) -> None:
        self._take_note()
        await self._meters.seed([self._begun(base) for base in bases])

    def flushed(self, bases: Sequence[Base]) -> None:
        self._noted.append(bases)

    async def read(self, asks: Sequence[Ask]) -> tuple[Reading | None, ...]:
        """What this worker's part is, and what is used of it."""
        self._take_note()
        return await self._meters.read([self._divided(ask) for ask in asks])

    async def run(self) -> None:
        await self._meters.run()

    def _take_note(self) -> None:
        while self._noted:
            self._meters.flushed([self._stored(base) for base in self._noted.popleft()])

    def _begun(self, base: Base) -> Base:
        """The part of ``base``, rounded up."""
        now = self._clock()
        for meter in [m for m, part in self._parts.items() if part.ends_at + KEEP_SECONDS < now]:
            del self._parts[meter]
        amount = -(-base.amount // self._workers)
        self._parts[base.meter] = _Part(amount, base.ends_at)
        return base._replace(amount=amount)

    def _stored(self, base: Base) -> Base:
        """``base`` with no more than was known and what this worker used of it.

        One that names no requests was counted anew, and is begun with again.
        """
        part = self._parts.get(base.meter)
        if part is None or not base.reservations:
            return self._begun(base)
        own = {one: self._settled.pop((base.meter, one), None) for one in base.reservations}
        part.amount += sum(used or 0 for used in own.values())
        # A request that is settled after its flush is not stored here: it stays pending.
        named = tuple(one for one, used in own.items() if used is not None)
        return base._replace(amount=part.amount, reservations=named)

    def _divided(self, ask: Ask) -> Ask:
        return ask._replace(amount=self._part(ask.amount))

    def _part(self, amount: int) -> int:
        return max(amount // self._workers, 1) if amount else 0
