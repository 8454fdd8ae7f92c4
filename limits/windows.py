"""When the windows of the calendar begin and end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from limits.choices import Window

FOREVER = datetime(2200, 1, 1, tzinfo=UTC).timestamp()


class Span(NamedTuple):
    """Seconds since the epoch; ``start`` is part of it, ``end`` is not."""

    start: int
    end: int


def span_of(window: Window, zone: ZoneInfo, at: float) -> Span:
    """The window that ``at`` (seconds since the epoch) is in. Weeks begin on Mondays."""
    if window is Window.TOTAL:
        return Span(0, int(FOREVER))
    day = datetime.fromtimestamp(at, zone).date()
    return _span(window, zone, day)


@lru_cache(maxsize=256)
def _span(window: Window, zone: ZoneInfo, day: date) -> Span:
    match window:
        case Window.DAY:
            first, following = day, day + timedelta(days=1)
        case Window.WEEK:
            first = day - timedelta(days=day.weekday())
            following = first + timedelta(days=7)
        case Window.MONTH:
            first = day.replace(day=1)
            following = (first + timedelta(days=32)).replace(day=1)
        case _:
            raise ValueError(f"{window!r} does not begin by the calendar")
    return Span(_begins(first, zone), _begins(following, zone))


def _begins(day: date, zone: ZoneInfo) -> int:
    """The first moment of ``day``: where clocks skip midnight, the moment after."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return int(midnight.timestamp())
