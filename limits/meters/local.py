"""Meters of this worker alone, for as long as Redis cannot be asked: its share of each amount.

An amount is divided by the workers that lived when Redis was last heard of
(:mod:`limits.meters.divided`), so that all together admit no more than the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from limits.meters.interface import (
    LOOSE,
    Ask,
    Base,
    MeterKind,
    Meters,
    Reading,
    Refused,
    Settlement,
    Taken,
    Unknown,
    Use,
)
from limits.meters.reservations import MeterAmount, Reservations


class LocalMeters:
    """``make`` gives empty meters for one of so many workers, and ``workers`` that number.

    What is taken here is remembered in ``reservations``, and so comes to Redis once it is back.
    """

    def __init__(
        self, make: Callable[[int], Meters], reservations: Reservations, workers: Callable[[], int]
    ) -> None:
        self._make = make
        self._reservations = reservations
        self._workers = workers
        self._meters: Meters | None = None

    @property
    def is_active(self) -> bool:
        """Whether something was asked here since Redis was lost."""
        return self._meters is not None

    async def take(self, reservation: str, asks: Sequence[Ask]) -> Taken | Refused | Unknown:
        meters = await self._begun()
        result = await meters.take(reservation, asks)
        if isinstance(result, Taken):
            pairs = zip(asks, result.readings, strict=True)
            self._reservations.take_locally(reservation, (_hold(ask, one) for ask, one in pairs))
        return result

    def settle(self, settlement: Settlement) -> None:
        """Settle here; the meters in Redis are settled as well."""
        if self._meters is not None:
            self._meters.settle(settlement)

    async def seed(self, bases: Sequence[Base]) -> None:
        """Make periods known, and let them hold what this worker has reserved there."""
        meters = await self._begun()
        await meters.seed(bases)
        await self._hold(meters, frozenset(base.meter for base in bases))

    def flushed(self, bases: Sequence[Base]) -> None:
        if self._meters is not None:
            self._meters.flushed(bases)

    async def read(self, asks: Sequence[Ask]) -> tuple[Reading | None, ...]:
        meters = await self._begun()
        return await meters.read(asks)

    def end(self) -> None:
        """Redis is back, and counts."""
        self._meters = None

    async def _begun(self) -> Meters:
        """The meters. The first call lets them know what this worker has under way."""
        if self._meters is None:
            self._meters = self._make(self._workers())
            for reservation, uses in list(self._reservations.unflushed()):
                self._meters.settle(Settlement(reservation, tuple(_use(one) for one in uses)))
            await self._hold(self._meters)
        return self._meters

    async def _hold(self, meters: Meters, periods: frozenset[str] = frozenset()) -> None:
        """Hold what runs of slots, or of ``periods``, which have to be known for that."""
        for reservation, holds in list(self._reservations.running()):
            asks = [
                Ask(
                    meter=hold.meter,
                    kind=hold.kind,
                    amount=hold.limit,
                    typical=hold.amount,
                    worst=hold.worst,
                    ends_at=hold.ends_at,
                    is_enforced=False,
                )
                for hold in holds
                if hold.meter in periods or (hold.kind is MeterKind.SLOTS and not periods)
            ]
            if asks:
                await meters.take(reservation, asks)


def _hold(ask: Ask, reading: Reading) -> MeterAmount:
    """What is to be reserved in Redis: near the amount, the worst."""
    is_near = reading.amount - reading.used < LOOSE * ask.worst
    amount = ask.worst if is_near or ask.kind is MeterKind.SLOTS else ask.typical
    return MeterAmount(
        ask.meter, ask.kind, amount, ask.worst, ask.window_us, ask.amount, ask.ends_at
    )


def _use(hold: MeterAmount) -> Use:
    return Use(hold.meter, hold.kind, hold.amount, hold.window_us, hold.limit)
