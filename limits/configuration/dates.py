"""The moment until which a raise holds, as files and commands write it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

FIRST_YEAR, LAST_YEAR = 1970, 9998  # every zone can tell of a time in these
NO_YEAR = f"must be in the years {FIRST_YEAR} to {LAST_YEAR}"
FORMS = "must be a date such as 2026-12-31, or a time such as 2026-12-31T18:00"


def end_of(value: object) -> datetime:
    """A date lasts until its end, a time without a zone is in the gateway's.

    Raises ``ValueError``, with words that complete "until …".
    """
    try:
        return in_time(_moment(value))
    except OverflowError as exc:
        raise ValueError(NO_YEAR) from exc


def in_time(until: datetime) -> datetime:
    """``until``, if any time zone can tell of it. Raises ``ValueError``."""
    if not FIRST_YEAR <= until.year <= LAST_YEAR:
        raise ValueError(NO_YEAR)
    return until


def _moment(value: object) -> datetime:
    if isinstance(value, str):
        value = _parsed(value.strip())
    if isinstance(value, datetime):
        return value if timezone.is_aware(value) else timezone.make_aware(value)
    if isinstance(value, date):
        return timezone.make_aware(datetime.combine(value + timedelta(days=1), time()))
    raise ValueError(FORMS)


def _parsed(text: str) -> date | datetime | None:
    try:
        return parse_date(text) or parse_datetime(text)
    except ValueError as exc:  # the 31st of February
        raise ValueError(FORMS) from exc
