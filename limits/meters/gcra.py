"""The arithmetic of buckets (GCRA), in whole numbers.

A bucket is one number: the time ``tat_us`` (microseconds since the epoch) at which it is full
again. Each use moves that time into the future, by as much as the bucket needs to refill it::

    full        tat_us <= now_us
    empty       tat_us == now_us + window_us
    in debt     tat_us >  now_us + window_us      (more was used than was reserved)

``level_us`` is the distance of that time from now, 0 where it has passed.
"""

from __future__ import annotations

from limits.meters.interface import LOOSE

# A hundred years: so far away is a bucket full at the most, whatever an upstream says was used.
# Dates can be told of it, and a double holds it exactly.
LONGEST_US = 3_153_600_000_000_000


def cost_us(count: int, amount: int, window_us: int) -> int:
    """How long a bucket takes to refill ``count`` of its ``amount``.

    The result is rounded down, so that the whole amount always fits into a full bucket, and is at
    least 1 for any use. A bucket of amount 0 counts nothing.
    """
    if count <= 0 or amount <= 0:
        return 0
    return count * window_us // amount or 1


def level_us(tat_us: int, now_us: int) -> int:
    return tat_us - now_us if tat_us > now_us else 0


def used(level: int, amount: int, window_us: int) -> int:
    """How much of the amount a bucket lacks, rounded up; more than the amount in debt."""
    return -(-level * amount // window_us) if level else 0


def choice(level: int, amount: int, window_us: int, typical: int, worst: int) -> int:
    """What a request reserves: ``typical`` while there is much left, else ``worst``."""
    left = amount - used(level, amount, window_us)
    return worst if left < LOOSE * worst else typical


def fits(level: int, amount: int, window_us: int, count: int) -> bool:
    """Nothing always fits, even in debt."""
    if count <= 0:
        return True
    if not level:
        return count <= amount
    return count <= amount and level + cost_us(count, amount, window_us) <= window_us


def retry_us(level: int, amount: int, window_us: int, count: int) -> int | None:
    """How long until ``count`` fits; None if it is more than the whole amount."""
    if count > amount:
        return None
    return max(0, level + cost_us(count, amount, window_us) - window_us)


def moved(tat_us: int, now_us: int, delta_us: int) -> int:
    """The new ``tat_us`` after a use of ``delta_us``, which is negative for what comes back.

    What comes back never fills a bucket beyond its amount: a time in the past counts as now.
    """
    moved_us = (tat_us if tat_us > now_us else now_us) + delta_us
    return moved_us if moved_us - now_us < LONGEST_US else now_us + LONGEST_US


def rescaled(level: int, old: tuple[int, int], new: tuple[int, int]) -> int:
    """The level of a bucket whose ``(amount, window_us)`` changed: the same count is used of it."""
    old_amount, old_window = old
    new_amount, new_window = new
    if old_amount <= 0 or new_amount <= 0:
        return level
    return min(level * old_amount * new_window // (old_window * new_amount), LONGEST_US)
