"""What process memory knows of each kind of meter: a bucket, a period, slots.

Times ``now`` are seconds since the epoch. A request is weighed first, on all of its meters, and
reserved afterwards, if it fits on all that are enforced.
"""

from __future__ import annotations

from typing import NamedTuple

from limits.meters import gcra
from limits.meters.interface import LOOSE, Ask, Base, Reading, Use

MICRO = 1_000_000
KEEP_SECONDS = 3 * 86_400.0  # of an ended period: settlements and the database may come late


class Reserved(NamedTuple):
    """What a reservation holds of one meter."""

    reserved: int = 0
    worst: int = 0


NO_HOLD = Reserved()


# What the reservation is to hold of the meter in all, and whether it fits.
Weighed = tuple[int, bool]


class Bucket:
    """The time when it is full again, for the amount and the window it was last asked with."""

    __slots__ = ("amount", "tat_us", "window_us")
    is_known = True

    def __init__(self, amount: int, window_us: int) -> None:
        self.tat_us = 0
        self.amount = amount
        self.window_us = window_us

    def weigh(self, ask: Ask, hold: Reserved, now: float) -> Weighed:
        now_us = int(now * MICRO)
        amount, window_us = ask.amount, ask.window_us
        if amount != self.amount or window_us != self.window_us:
            self._rescale(amount, window_us, now_us)
        level = gcra.level_us(self.tat_us, now_us)
        count = gcra.choice(level, amount, window_us, ask.typical, ask.worst)
        count = max(count, hold.reserved)
        return count, gcra.fits(level, amount, window_us, count - hold.reserved)

    def reserve(self, total: int, ask: Ask, hold: Reserved, now: float) -> None:
        self._move(total, hold.reserved, now)

    def settle(self, reservation: str, use: Use, hold: Reserved, now: float) -> None:
        self._move(use.amount, hold.reserved, now)

    def release(self, hold: Reserved, now: float) -> None:
        self._move(0, hold.reserved, now)

    def reading(self, ask: Ask, now: float, is_over: bool = False, more: int = 0) -> Reading:
        """``more`` is what did not fit."""
        level = gcra.level_us(self.tat_us, int(now * MICRO))
        used = gcra.used(level, self.amount, self.window_us)
        if not is_over:
            return Reading(ask.meter, ask.amount, used, level / MICRO)
        retry_us = gcra.retry_us(level, ask.amount, ask.window_us, more)
        retry = None if retry_us is None else retry_us / MICRO
        return Reading(ask.meter, ask.amount, used, level / MICRO, True, retry)

    def is_forgettable(self, now: float) -> bool:
        return self.tat_us <= now * MICRO

    def _move(self, used: int, reserved: int, now: float) -> None:
        amount, window_us = self.amount, self.window_us
        if used == reserved:  # nearly all requests of a limit of requests
            return
        delta = gcra.cost_us(used, amount, window_us) - gcra.cost_us(reserved, amount, window_us)
        if delta:
            self.tat_us = gcra.moved(self.tat_us, int(now * MICRO), delta)

    def _rescale(self, amount: int, window_us: int, now_us: int) -> None:
        level = gcra.level_us(self.tat_us, now_us)
        old, new = (self.amount, self.window_us), (amount, window_us)
        self.tat_us = now_us + gcra.rescaled(level, old, new)
        self.amount, self.window_us = amount, window_us


class Period:
    """``base`` is None until the database was asked."""

    __slots__ = (
        "_settled",
        "base",
        "ends_at",
        "exposed",
        "holders",
        "pending",
        "records",
        "reserved",
    )

    def __init__(self, ends_at: float) -> None:
        self.base: int | None = None
        self.records = 0
        self.ends_at = ends_at
        self.pending: dict[str, int] = {}
        self.reserved = 0
        self.exposed = 0
        self.holders = 0
        self._settled = 0  # base and pending

    @property
    def is_known(self) -> bool:
        return self.base is not None

    def weigh(self, ask: Ask, hold: Reserved, now: float) -> Weighed:
        worst = ask.worst
        others = self.holders - (hold is not NO_HOLD)
        left = ask.amount - self._settled - self.reserved + hold.reserved
        count = worst if left < LOOSE * worst * (others + 1) else ask.typical
        exposed = self.exposed - hold.worst
        fits = worst <= hold.worst or self._settled + exposed + worst <= ask.amount
        return max(count, hold.reserved), fits

    def reserve(self, total: int, ask: Ask, hold: Reserved, now: float) -> None:
        self.reserved += total - hold.reserved
        self.exposed += ask.worst - hold.worst
        self.holders += hold is NO_HOLD

    def settle(self, reservation: str, use: Use, hold: Reserved, now: float) -> None:
        self.release(hold, now)
        if use.amount:
            self.pending[reservation] = use.amount
            self._settled += use.amount

    def release(self, hold: Reserved, now: float) -> None:
        if hold is not NO_HOLD:
            self.reserved -= hold.reserved
            self.exposed -= hold.worst
            self.holders -= 1

    def store(self, base: Base) -> None:
        """Take over a base of more records than are known."""
        self.ends_at = base.ends_at
        if self.base is None or base.records > self.records:
            self._settled += base.amount - (self.base or 0)
            self.base, self.records = base.amount, base.records

    def is_stored(self, reservation: str) -> bool:
        """Whether the use of ``reservation`` was pending, and is not from now on."""
        amount = self.pending.pop(reservation, None)
        if amount is None:
            return False
        self._settled -= amount
        return True

    def reading(self, ask: Ask, now: float, is_over: bool = False, more: int = 0) -> Reading:
        left = max(0.0, self.ends_at - now)
        settled = self._settled
        used, claimed = settled + self.reserved, settled + self.exposed
        retry = left if is_over else None
        return Reading(ask.meter, ask.amount, used, left, is_over, retry, settled, claimed)

    def is_forgettable(self, now: float) -> bool:
        return now > self.ends_at + KEEP_SECONDS and not self.holders


class Slots:
    """How many requests run."""

    __slots__ = ("taken",)
    is_known = True

    def __init__(self) -> None:
        self.taken = 0

    def weigh(self, ask: Ask, hold: Reserved, now: float) -> Weighed:
        more = ask.worst - hold.reserved
        return ask.worst, more <= 0 or self.taken + more <= ask.amount

    def reserve(self, total: int, ask: Ask, hold: Reserved, now: float) -> None:
        self.taken += total - hold.reserved

    def settle(self, reservation: str, use: Use, hold: Reserved, now: float) -> None:
        self.taken -= hold.reserved

    def release(self, hold: Reserved, now: float) -> None:
        self.taken -= hold.reserved

    def reading(self, ask: Ask, now: float, is_over: bool = False, more: int = 0) -> Reading:
        return Reading(ask.meter, ask.amount, self.taken, 0.0, is_over)

    def is_forgettable(self, now: float) -> bool:
        return self.taken == 0
