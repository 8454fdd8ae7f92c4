"""Upkeep of meters in memory between two calls: leases end, stored uses are taken over, what is old
is forgotten.

::

    flushed (any thread) ──► noted ──► the next call on the event loop takes it over
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from limits.meters.interface import LEASE_SECONDS, Base
from limits.meters.known_meters import KnownMeters
from limits.meters.memory_states import Reserved
from limits.meters.recent import Recent

DONE_SECONDS = 600.0  # so long a second settlement is recognised
MOST_DONE = 100_000  # and so many; each takes 200 bytes
TIDY_SECONDS = 1.0  # shorter than a lease


# The end of a lease, and what is held by the names of meters.
Held = tuple[float, dict[str, Reserved]]


class Upkeep:
    """``clock`` tells seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._meters = KnownMeters()
        self._reservations: OrderedDict[str, Held] = OrderedDict()  # by end of lease
        self._done: Recent[str] = Recent(DONE_SECONDS, MOST_DONE)
        # Uses that the database held before they were settled here.
        self._stored: Recent[tuple[str, str]] = Recent(DONE_SECONDS, MOST_DONE)
        self._noted: deque[Sequence[Base]] = deque()
        self._tidy_at = 0.0

    def __len__(self) -> int:
        """How many meters are remembered."""
        return len(self._meters)

    def flushed(self, bases: Sequence[Base]) -> None:
        self._noted.append(bases)

    def renew(self) -> None:
        """Every reservation that runs in this process holds for a whole lease from now."""
        expires_at = self._caught_up() + LEASE_SECONDS
        for reservation, (_, holds) in tuple(self._reservations.items()):
            self._reservations[reservation] = expires_at, holds

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
            reservation, (expires_at, holds) = next(iter(self._reservations.items()))
            if expires_at > now:
                self._tidy_at = min(self._tidy_at, expires_at)
                break
            del self._reservations[reservation]
            self._release(holds, now)
        self._meters.forget_unused(now)
        self._done.forget_old(now)
        self._stored.forget_old(now)

    def _is_stored(self, reservation: str, meters: Iterable[str]) -> bool:
        """Whether the database held a use of one of ``meters`` before it was settled here."""
        return any((meter, reservation) in self._stored for meter in meters)

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
        hold = None if held is None else held[1].pop(meter, None)
        if hold is not None:
            self._release({meter: hold}, now)
