"""Moments as people write them: ``7d``, ``12h``, ``2026-05-01``, ``2026-05-01T12:00Z``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# No database and no calendar is sure of what lies beyond.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2900, 1, 1, tzinfo=UTC)
LONGEST = timedelta(days=36_500)


class PeriodError(ValueError):
    """The message is safe to show."""


def read_span(text: str) -> timedelta:
    """``90d``, ``12h``. Raises :class:`PeriodError`."""
    found = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip().lower(), re.ASCII)
    if found is None:
        raise PeriodError(f"{text!r} is not a span of time; write 7d, 12h or 4w.")
    span = timedelta(**{UNITS[found[2]]: int(found[1])})
    if span > LONGEST:
        raise PeriodError(f"{text!r} is more than a hundred years.")
    return span


def read_moment(text: str, *, now: datetime | None = None) -> datetime:
    """A span before now, or an ISO date or time, in UTC where it names no zone.

    Raises :class:`PeriodError`.
    """
    try:
        return (now or datetime.now(UTC)) - read_span(text)
    except PeriodError:
        pass
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        moment = EARLIEST
    if not EARLIEST < moment < LATEST:
        raise PeriodError(f"{text!r} is not a time; write 7d, 12h, 2026-05-01 or 2026-05-01T12:00.")
    return moment
