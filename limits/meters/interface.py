"""Meters: where it is counted what was used of each limit, and admitted only what fits.

A meter is a limit's count for one share of it, in one window. There are three kinds::

    BUCKET   minute, hour: refills all the time (GCRA); full, it lets the whole amount through
    PERIOD   day, week, month, total: base + pending + reserved
    SLOTS    concurrency: leases that expire by themselves

The ``base`` of a period is what :class:`limits.models.Period` says, the database's truth.
``pending`` was settled and is not in the database yet, ``reserved`` belongs to requests that run.
A reservation is named by its request's id, and holds on all meters of the request or on none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

# Makes a named tuple of all of its fields, for a third of what a call of its class costs.
new = tuple.__new__

LEASE_SECONDS = 60.0  # of a reservation that nobody renews
RENEW_SECONDS = 15.0
LOOSE = 4  # so many worst requests must fit beside all that run, for a typical one to be reserved


class MeterKind(StrEnum):
    BUCKET = "bucket"
    PERIOD = "period"
    SLOTS = "slots"


class Ask(NamedTuple):
    """What a request asks of one meter. Counts are whole, and not negative.

    ``meter`` is its name in the store, ``<mark>:<metric>``. ``typical`` is reserved while there is
    much left, ``worst`` near the amount: where ``amount - base - pending - reserved`` is less than
    ``LOOSE * worst * (reservations + 1)``, or a bucket has less than ``LOOSE * worst``. A period
    admits by the worst of all that run, whatever is reserved for them: a request fits where
    ``base + pending + exposed + worst <= amount``, with ``exposed`` the sum of ``worst`` of its
    reservations. A bucket admits by what is reserved. An ask of 0 always fits.
    ``window_us`` is a bucket's length in microseconds. ``ends_at`` (seconds since the epoch) is
    when a period is over; its meter is kept for some days more. A meter that is not
    ``is_enforced`` counts and never refuses.
    """

    meter: str
    kind: MeterKind
    amount: int
    typical: int
    worst: int
    window_us: int = 0
    ends_at: float = 0.0
    is_enforced: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """The part of an :class:`Ask` that is alike for all requests."""

    meter: str
    kind: MeterKind
    amount: int
    window_us: int


class Reading(NamedTuple):
    """A meter after it was asked: ``used`` counts all that is settled and reserved.

    ``reset_seconds``: until a bucket is full again, or a period ends; 0 for slots. ``is_over``:
    what was asked did not fit, which only counts where the meter is enforced. ``retry_seconds``:
    until it would fit, None where that is not known (a period: its end; slots: unknown). Of a
    period, ``settled`` is the part of ``used`` that is settled, and ``claimed`` counts for the
    requests that run what they may use at the worst, in place of what is reserved; both are 0 of
    other meters.
    """

    meter: str
    amount: int
    used: int
    reset_seconds: float
    is_over: bool = False
    retry_seconds: float | None = None
    settled: int = 0
    claimed: int = 0

    @property
    def room(self) -> int:
        """What nobody has used or may still use."""
        used, claimed = self.used, self.claimed
        return self.amount - (used if used > claimed else claimed)


# A reading as a plain tuple, which Python makes and takes apart for far less.
PlainReading = tuple[str, int, int, float, bool, float | None, int, int]


class Taken(NamedTuple):
    """Everything fits and is reserved. ``readings`` are in the order of the asks."""

    readings: tuple[Reading, ...]


class Refused(NamedTuple):
    """Something did not fit and nothing is reserved. ``over`` are positions among the asks."""

    over: tuple[int, ...]
    readings: tuple[Reading, ...]


class Unknown(NamedTuple):
    """The store does not know these periods yet, and nothing is reserved. Seed them, ask again."""

    meters: tuple[str, ...]


class Base(NamedTuple):
    """What the database holds of a period: of ``records`` requests, ``amount`` in all.

    ``records`` only grows, so that an older base never replaces a newer one; a period that is
    counted again has at least one more. ``reservations`` are the requests whose use is part of it
    by now, and no longer pending or reserved; none are named by a base that was read or counted
    again.
    """

    meter: str
    amount: int
    records: int
    ends_at: float
    reservations: tuple[str, ...] = ()


class Use(NamedTuple):
    """What a request used of one meter in the end; ``amount`` is 0 where it is to be released."""

    meter: str
    kind: MeterKind
    amount: int
    window_us: int = 0
    limit: int = 0  # the amount of a bucket at its reservation


class MetersUnavailableError(Exception):
    """The store cannot be asked now."""


class Settlement(NamedTuple):
    reservation: str
    uses: tuple[Use, ...]


class Meters(Protocol):
    """A store of meters. Belongs to the event loop, apart from ``flushed``."""

    async def take(self, reservation: str, asks: Sequence[Ask]) -> Taken | Refused | Unknown:
        """Reserve on all meters, or on none.

        A second take for a reservation leaves each meter that it holds as it is, unless it asks
        there for a larger ``worst`` (a fallback that costs more): then the difference has to fit.
        Meters that the reservation does not hold yet are reserved. A refusal leaves what is held.

        Raises ``MetersUnavailableError``.
        """

    def settle(self, settlement: Settlement) -> None:
        """Put what was used in place of what was reserved. Once for each reservation; again does
        nothing. Never waits: what cannot be written now is written as soon as it can be.

        Meters that the reservation holds and ``uses`` does not name are released. A use counts
        where nothing is held (a lease ran out), and where a period is unknown, too.
        """

    async def seed(self, bases: Sequence[Base]) -> None:
        """Make periods known. A period that is known keeps the base of more records."""

    def flushed(self, bases: Sequence[Base]) -> None:
        """Take note of what the database holds by now, which makes periods known, too.

        A settlement that comes later than this adds nothing to a period whose base names its
        reservation. May be called on any thread.
        """

    async def read(self, asks: Sequence[Ask]) -> tuple[Reading | None, ...]:
        """What is used now, reserving nothing; None for a period that is not known."""

    async def run(self) -> None:
        """Renew leases and write what waits, until cancelled."""
