"""Moments and periods as people write them, in ``GATEWAY_TIME_ZONE`` where they name no zone.

``7d``, ``12h``, ``4w``; ``2026-05``, ``2026-05-01``, ``2026-05-01T14``, ``2026-05-01T12:00Z``.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from infrastructure.time_spans import TimeSpanError, read_time_span

# No database and no calendar is sure of what lies beyond.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2900, 1, 1, tzinfo=UTC)
MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
HOUR = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2})")
EXAMPLES = "7d, 12h, 4w, 2026-05, 2026-05-01, 2026-05-01T14 or 2026-05-01T12:00"


class PeriodError(ValueError):
    """The message is safe to show."""


def read_moment(text: str, *, now: datetime | None = None, is_end: bool = False) -> datetime:
    """A span before now, or a time. Raises :class:`PeriodError`.

    A month, a day or an hour stands for its begin; with ``is_end`` it is included, so for its end.
    """
    try:
        return (now or datetime.now(UTC)) - read_time_span(text)
    except TimeSpanError:
        pass
    try:
        moment = _moment(text.strip(), is_end=is_end)
    except (ValueError, OverflowError):
        moment = EARLIEST
    if not EARLIEST < moment < LATEST:
        raise PeriodError(f"{text!r} is not a time; write {EXAMPLES}.")
    return moment


def midnight(day: date) -> datetime:
    """The moment at which ``day`` begins in ``GATEWAY_TIME_ZONE``."""
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone()).astimezone(UTC)


def local_day(moment: datetime) -> date:
    """The day of ``moment`` in ``GATEWAY_TIME_ZONE``."""
    return moment.astimezone(timezone.get_default_timezone()).date()


def in_words(moment: datetime) -> str:
    """``2026-05-01 14:00``, in ``GATEWAY_TIME_ZONE``."""
    return f"{moment.astimezone(timezone.get_default_timezone()):%Y-%m-%d %H:%M}"


def _moment(text: str, *, is_end: bool) -> datetime:
    if found := MONTH.fullmatch(text):
        year, month = int(found[1]), int(found[2])
        begin = date(year, month, 1)
        following = date(year + month // 12, month % 12 + 1, 1)
        return midnight(following if is_end else begin)
    if DAY.fullmatch(text):
        return midnight(date.fromisoformat(text) + timedelta(days=is_end))
    if found := HOUR.fullmatch(text):
        hour = datetime.combine(date.fromisoformat(found[1]), time(int(found[2])))
        return _in_zone(hour) + timedelta(hours=is_end)
    return _in_zone(datetime.fromisoformat(text))


def _in_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.get_default_timezone())
    return moment.astimezone(UTC)
