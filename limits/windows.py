"""When the windows of the calendar begin and end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from limits.choices import Window

ROOMY_SECONDS = 32 * 86_400
FOREVER = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
OF_CALENDAR = frozenset({Window.DAY, Window.WEEK, Window.MONTH, Window.TOTAL})


class Span(NamedTuple):
    """Seconds since the epoch; ``start`` is part of it, ``end`` is not."""

    start: int
    end: int


# The window of each kind that was asked for last. Windows do not overlap: there is no other.
_latest: dict[tuple[Window, ZoneInfo], Span] = {}


def span_of(window: Window, zone: ZoneInfo, at: float) -> Span:
    """The window that ``at`` (seconds since the epoch) is in. Weeks begin on Mondays.

    A day begins when its midnight comes for the first time.
    """
    latest = _latest.get((window, zone))
    if latest is not None and latest.start <= at < latest.end:
        return latest
    found = _latest[window, zone] = _found(window, zone, at)
    return found


def _found(window: Window, zone: ZoneInfo, at: float) -> Span:
    if window is Window.TOTAL:
        return Span(0, int(FOREVER))
    day = datetime.fromtimestamp(at, zone).date()
    span = _span(window, zone, day)
    if at >= span.end:  # clocks were set back over midnight: it is the day before once more
        return _span(window, zone, day + timedelta(days=1))
    return span if at >= span.start else _span(window, zone, day - timedelta(days=1))


def is_of_calendar(window: Window) -> bool:
    """Whether the window begins by the calendar, so that what is used of it is stored."""
    return window in OF_CALENDAR


def end_of(window: Window, zone: ZoneInfo, start: int) -> int:
    """The end of the period that began at ``start``.

    A period that began when the limit had another window ends a month later at the latest.
    """
    if window is Window.TOTAL and start == 0:
        return int(FOREVER)
    if window in OF_CALENDAR and window is not Window.TOTAL:
        span = span_of(window, zone, start)
        if span.start == start:
            return span.end
    return start + ROOMY_SECONDS


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; the gateway's own for an empty name, and for one unknown here."""
    default = timezone.get_default_timezone()
    own = default if isinstance(default, ZoneInfo) else ZoneInfo("UTC")
    try:
        return ZoneInfo(name) if name else own
    except (ZoneInfoNotFoundError, ValueError):
        return own


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
