"""What process memory knows of meters that are counted: a bucket, a period.

Times ``now`` are seconds since the epoch. A request is weighed first, on all of its meters, and
reserved afterwards, if it fits on all that are enforced.
"""

from __future__ import annotations

from collections.abc import Sequence

from limits.meters import gcra
from limits.meters.interface import LOOSE, Ask, Base, PlainReading, Reading, new

MICRO = 1_000_000
KEEP_SECONDS = 3 * 86_400.0  # of an ended period: settlements and the database may come late


# What a reservation holds of one meter, and what counts of it at the worst.
Reserved = tuple[int, int]
NO_HOLD: Reserved = (0, 0)  # by identity: a reservation that holds 0 has a tuple of its own

# What the reservation is to hold of one meter in all, and whether that fits.
Total = tuple[int, bool]


class Bucket:
    """The time when it is full again, for the amount and the window it was last asked with."""

    __slots__ = ("amount", "tat_us", "window_us")
    is_known = True

    def __init__(self, amount: int, window_us: int) -> None:
        self.tat_us = 0
        self.amount = amount
        self.window_us = window_us

    def weigh(self, ask: Ask, hold: Reserved, now: float) -> Total:
        now_us = int(now * MICRO)
        amount, window_us = ask.amount, ask.window_us
        if amount != self.amount or window_us != self.window_us:
            self._rescale(amount, window_us, now_us)
        level = gcra.level_us(self.tat_us, now_us)
        count, held = ask.worst, hold[0]
        if count != ask.typical:
            count = gcra.choice(level, amount, window_us, ask.typical, count)
        if count < held:
            count = held
        return count, gcra.fits(level, amount, window_us, count - held)

    def take_typical(
        self, meter: str, amount: int, window_us: int, hold: Reserved, now: float
    ) -> PlainReading | None:
        """Reserve what is typical for a request that holds nothing; None where that brings the
        bucket near its amount, and nothing is changed then."""
        typical, worst = hold
        if amount != self.amount or window_us != self.window_us or amount <= 0:
            return None
        now_us = int(now * MICRO)
        tat_us = self.tat_us
        if tat_us < now_us:
            tat_us = now_us
        if typical:
            tat_us += typical * window_us // amount or 1  # gcra.cost_us
        level = tat_us - now_us
        used = -(-level * amount // window_us)  # gcra.used
        if amount - used < LOOSE * worst:
            return None
        self.tat_us = tat_us
        return meter, amount, used, level / MICRO, False, None, 0, 0

    def reserve(self, total: int, ask: Ask, hold: Reserved, now: float) -> None:
        self._move(total, hold[0], now)

    def settle(self, reservation: str, amount: int, hold: Reserved, now: float) -> None:
        if amount != hold[0]:  # nearly all requests of a limit of requests use that
            self._move(amount, hold[0], now)

    def release(self, hold: Reserved, now: float) -> None:
        self._move(0, hold[0], now)

    def reading(self, ask: Ask, now: float, is_over: bool = False, more: int = 0) -> Reading:
        """``more`` is what did not fit."""
        level = gcra.level_us(self.tat_us, int(now * MICRO))
        used = gcra.used(level, self.amount, self.window_us)
        if not is_over:
            return new(Reading, (ask.meter, ask.amount, used, level / MICRO, False, None, 0, 0))
        retry_us = gcra.retry_us(level, ask.amount, ask.window_us, more)
        retry = None if retry_us is None else retry_us / MICRO
        return Reading(ask.meter, ask.amount, used, level / MICRO, True, retry)

    def is_forgettable(self, now: float) -> bool:
        return self.tat_us <= now * MICRO

    def _move(self, used: int, reserved: int, now: float) -> None:
        amount, window_us = self.amount, self.window_us
        delta = gcra.cost_us(used, amount, window_us)
        if reserved:
            delta -= gcra.cost_us(reserved, amount, window_us)
        if delta:
            self.tat_us = gcra.moved(self.tat_us, int(now * MICRO), delta)

    def _rescale(self, amount: int, window_us: int, now_us: int) -> None:
        level = gcra.level_us(self.tat_us, now_us)
        old, new = (self.amount, self.window_us), (amount, window_us)
        self.tat_us = now_us + gcra.rescaled(level, old, new)
        self.amount, self.window_us = amount, window_us


class Period:
    """``base``, of so many ``records``, is None until the database was asked; the period
    ``is_known`` then. ``settled`` counts base and ``pending``, ``used`` what is reserved as well,
    and ``claimed`` the worst of that in its place. ``holders`` is the number of reservations.
    """

    __slots__ = (
        "base",
        "claimed",
        "ends_at",
        "holders",
        "is_known",
        "pending",
        "records",
        "settled",
        "used",
    )

    def __init__(self, ends_at: float) -> None:
        self.base: int | None = None
        self.is_known = False
        self.records = 0
        self.ends_at = ends_at
        self.pending: dict[str, int] = {}
        self.holders = 0
        self.settled = self.used = self.claimed = 0

    def weigh(self, ask: Ask, hold: Reserved, now: float) -> Total:
        worst, (held, held_worst) = ask.worst, hold
        others = self.holders - (hold is not NO_HOLD)
        left = ask.amount - self.used + held
        count = worst if left < LOOSE * worst * (others + 1) else ask.typical
        fits = worst <= held_worst or self.claimed - held_worst + worst <= ask.amount
        return (count if count > held else held), fits

    def take_typical(
        self, meter: str, amount: int, window_us: int, hold: Reserved, now: float
    ) -> PlainReading | None:
        """Reserve what is typical for a request that holds nothing; None where the period is not
        known, or near its amount by what is used or by what may be; nothing is changed then."""
        typical, worst = hold
        used, claimed, holders = self.used, self.claimed + worst, self.holders + 1
        near = LOOSE * worst
        if amount - claimed < near or amount - used < near * holders or not self.is_known:
            return None
        self.used = used = used + typical
        self.claimed = claimed
        self.holders = holders
        left = self.ends_at - now
        if left < 0:
            left = 0.0
        return meter, amount, used, left, False, None, self.settled, claimed

    def reserve(self, total: int, ask: Ask, hold: Reserved, now: float) -> None:
        reserved, worst = hold
        self.used += total - reserved
        self.claimed += ask.worst - worst
        self.holders += hold is NO_HOLD

    def settle(self, reservation: str, amount: int, hold: Reserved, now: float) -> None:
        reserved, worst = hold
        self.used += amount - reserved
        self.claimed += amount - worst
        if hold is not NO_HOLD:
            self.holders -= 1
        if amount:
            self.settled += amount
            self.pending[reservation] = amount

    def release(self, hold: Reserved, now: float) -> None:
        self.settle("", 0, hold, now)

    def store(self, base: Base) -> None:
        """Take over a base of more records than are known."""
        self.ends_at = base.ends_at
        if self.base is None or base.records > self.records:
            self._count(base.amount - (self.base or 0))
            self.base, self.records, self.is_known = base.amount, base.records, True

    def stored(self, reservations: Sequence[str]) -> list[str]:
        """The uses of ``reservations`` are pending no more. Returns those that were not."""
        take = self.pending.pop
        amounts = [take(reservation, None) for reservation in reservations]
        self._count(-sum(filter(None, amounts)))
        if None not in amounts:  # nearly always
            return []
        pairs = zip(reservations, amounts, strict=True)
        return [reservation for reservation, amount in pairs if amount is None]

    def reading(self, ask: Ask, now: float, is_over: bool = False, more: int = 0) -> Reading:
        left = self.ends_at - now
        if left < 0:
            left = 0.0
        retry = left if is_over else None
        values = (ask.meter, ask.amount, self.used, left, is_over, retry)
        return new(Reading, (*values, self.settled, self.claimed))

    def is_forgettable(self, now: float) -> bool:
        return now > self.ends_at + KEEP_SECONDS and not self.holders

    def _count(self, more: int) -> None:
        self.settled += more
        self.used += more
        self.claimed += more
