"""Meters of this worker alone, for as long as Redis cannot be asked: its share of each amount.

An amount is divided by the workers that lived when Redis was last heard of, so that all together
admit no more than the whole. A worker admits at least one of what is not 0 at all: up to as many as
there are workers, where the amount is smaller than their number.
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
from limits.meters.reservations import Hold, Reservations


class LocalMeters:
    """``make`` gives empty meters, ``workers`` the number to divide by.

    What is taken here is remembered in ``reservations``, and so comes to Redis once it is back.
    """

    def __init__(
        self, make: Callable[[], Meters], reservations: Reservations, workers: Callable[[], int]
    ) -> None:
        self._make = make
        self._reservations = reservations
        self._workers = workers
        self._meters: Meters | None = None
        self._divisor = 1

    @property
    def is_active(self) -> bool:
        """Whether something was asked here since Redis was lost."""
        return self._meters is not None

    async def take(self, reservation: str, asks: Sequence[Ask]) -> Taken | Refused | Unknown:
        meters = await self._begun()
        divided = [ask._replace(amount=self._share(ask.amount)) for ask in asks]
        result = await meters.take(reservation, divided)
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
        await meters.seed([self._share_of(base) for base in bases])
        await self._hold(meters, frozenset(base.meter for base in bases))

    def flushed(self, bases: Sequence[Base]) -> None:
        if self._meters is not None:
            self._meters.flushed([self._share_of(base) for base in bases])

    async def read(self, asks: Sequence[Ask]) -> tuple[Reading | None, ...]:
        meters = await self._begun()
        return await meters.read([ask._replace(amount=self._share(ask.amount)) for ask in asks])

    def end(self) -> None:
        """Redis is back, and counts."""
        self._meters = None

    async def _begun(self) -> Meters:
        """The meters. The first call lets them know what this worker has under way."""
        if self._meters is None:
            self._divisor = max(self._workers(), 1)
            self._meters = self._make()
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
                    amount=self._share(hold.limit),
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

    def _share(self, amount: int) -> int:
        return max(amount // self._divisor, 1) if amount else 0

    def _share_of(self, base: Base) -> Base:
        # Rounded up: the shares of all workers have to leave out what was used.
        return base._replace(amount=-(-base.amount // self._divisor))


def _hold(ask: Ask, reading: Reading) -> Hold:
    """What is to be reserved in Redis: near the amount, the worst."""
    is_near = reading.amount - reading.used < LOOSE * ask.worst
    amount = ask.worst if is_near or ask.kind is MeterKind.SLOTS else ask.typical
    return Hold(ask.meter, ask.kind, amount, ask.worst, ask.window_us, ask.amount, ask.ends_at)


def _use(hold: Hold) -> Use:
    return Use(hold.meter, hold.kind, hold.amount, hold.window_us, hold.limit)
