"""When a limit runs out, at the pace of its current period."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

LEAST_SECONDS = 3 * 3600.0  # of a period, before its pace says anything
NEAR_DAYS = 6  # within which the day of the week names one day alone


def runs_out_at(*, used: int, amount: int, start: float, end: float, now: float) -> float | None:
    """The time (seconds since the epoch) at which ``amount`` is used up, if it goes on as since
    ``start``; None where that is after ``end``, is the case by now, or cannot be told yet.
    """
    passed = now - start
    if passed < LEAST_SECONDS or not 0 < used < amount:
        return None
    at = now + (amount - used) * passed / used
    return at if at < end else None


def in_words(at: float, *, now: float, zone: ZoneInfo) -> str:
    """``runs out on Thursday``."""
    then, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    match (then.date() - today.date()).days:
        case 0:
            return f"runs out today at {then:%H:%M}"
        case days if days <= NEAR_DAYS:
            return f"runs out on {then:%A}"
        case _:
            return f"runs out on {then:%Y-%m-%d}"
