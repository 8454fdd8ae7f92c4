"""What one worker has reserved, and what it settled that the database does not hold yet.

Redis may lose both, the worker may not: it holds what runs, and posts again what Redis lost.

::

    take ─► open ──── renewed every RENEW_SECONDS
              └─ settle ─► settled ─ flushed, for each of its periods ─► forgotten
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from limits.meters.interface import RENEW_SECONDS, Base, MeterKind, Settlement

MOST_SETTLED = 50_000  # beyond, the oldest are forgotten: the database counts them later
MOST_STORED = 10_000
MICRO = 1_000_000


class MeterAmount(NamedTuple):
    """An amount of one meter that is reserved or used. ``limit`` is the amount of the meter."""

    meter: str
    kind: MeterKind
    amount: int
    worst: int = 0
    window_us: int = 0
    limit: int = 0
    ends_at: float = 0.0


@dataclass(slots=True)
class _Open:
    renewed_at: float
    holds: dict[str, MeterAmount] = field(default_factory=dict)


class _Settled(NamedTuple):
    at: float
    uses: dict[str, MeterAmount]


class Reservations:
    """``clock`` tells seconds, and never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: OrderedDict[str, _Open] = OrderedDict()  # by the time of renewal
        self._settled: OrderedDict[str, _Settled] = OrderedDict()
        # Meters and reservations that the database held before they were settled.
        self._stored: OrderedDict[tuple[str, str], None] = OrderedDict()

    def __len__(self) -> int:
        """How many are remembered, open and settled."""
        return len(self._open) + len(self._settled)

    def take(self, reservation: str, holds: Iterable[MeterAmount]) -> None:
        """Remember that ``reservation`` holds ``holds``, beside others that it may have."""
        one = self._open.get(reservation)
        if one is None:
            one = self._open[reservation] = _Open(self._clock())
        for hold in holds:
            one.holds[hold.meter] = hold

    def take_locally(self, reservation: str, holds: Iterable[MeterAmount]) -> None:
        """Remember ``holds`` that Redis does not know of: they are due at once."""
        self.take(reservation, holds)
        self._open[reservation].renewed_at = float("-inf")
        self._open.move_to_end(reservation, last=False)

    def is_open(self, reservation: str) -> bool:
        return reservation in self._open

    def settle(self, settlement: Settlement) -> tuple[MeterAmount, ...] | None:
        """The uses of ``settlement``, with an amount of 0 for what it holds and does not use.

        None where it was settled before.
        """
        reservation = settlement.reservation
        if reservation in self._settled:
            return None
        one = self._open.pop(reservation, None)
        held = one.holds if one is not None else {}
        uses = {name: hold._replace(amount=0, worst=0) for name, hold in held.items()}
        for use in settlement.uses:
            is_stored = (use.meter, reservation) in self._stored
            if is_stored:
                del self._stored[use.meter, reservation]
            known = held.get(use.meter)
            uses[use.meter] = MeterAmount(
                meter=use.meter,
                kind=use.kind,
                amount=0 if is_stored else use.amount,
                window_us=use.window_us,
                limit=use.limit,
                ends_at=known.ends_at if known else float("inf"),
            )
        if any(use.amount and use.kind is MeterKind.PERIOD for use in uses.values()):
            self._settled[reservation] = _Settled(self._clock(), uses)
            _shorten(self._settled, MOST_SETTLED)
        return tuple(uses.values())

    def flushed(self, bases: Sequence[Base]) -> None:
        """The database holds what ``bases`` name: Redis need not be told of it again."""
        for base in bases:
            for reservation in base.reservations:
                settled = self._settled.get(reservation)
                if settled is None:
                    self._store_early(base.meter, reservation)
                    continue
                settled.uses.pop(base.meter, None)
                if not any(use.kind is MeterKind.PERIOD for use in settled.uses.values()):
                    del self._settled[reservation]

    def due(self, *, is_all: bool = False) -> Iterator[tuple[str, tuple[MeterAmount, ...]]]:
        """Those that are to be renewed, which counts as done with that."""
        now = self._clock()
        for name, one in list(self._open.items()):
            if one.renewed_at > now - RENEW_SECONDS and not is_all:
                return
            one.renewed_at = now
            self._open.move_to_end(name)
            yield name, tuple(one.holds.values())

    def unflushed(self) -> Iterator[tuple[str, tuple[MeterAmount, ...]]]:
        """What was settled, apart from uses of buckets that are full again."""
        now = self._clock()
        for name, one in self._settled.items():
            yield (
                name,
                tuple(
                    use
                    for use in one.uses.values()
                    if use.kind is not MeterKind.BUCKET or now - one.at < use.window_us / MICRO
                ),
            )

    def running(self) -> Iterator[tuple[str, tuple[MeterAmount, ...]]]:
        """All that is open, with what it holds."""
        for name, one in self._open.items():
            yield name, tuple(one.holds.values())

    def _store_early(self, meter: str, reservation: str) -> None:
        self._stored[meter, reservation] = None
        _shorten(self._stored, MOST_STORED)


def _shorten(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
