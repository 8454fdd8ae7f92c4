"""What the sums of a period are made of.

::

    ├─ rows ─┼──────────── whole hours ────────────┼─ rows ─┤
    since    └ and rows that no hour counts yet    ┘        until      and the days that were pruned
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from usage.hours import HOUR, hour_of
from usage.models import UsageDay, UsageHour, UsageRow
from usage.periods import local_day

INSTANT = timedelta(microseconds=1)
# Whoever asks for what there is until now named a moment that is over when the database answers.
NEARLY_NOW = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Each request of the period is in exactly one of them. None for what the period lacks."""

    edges: QuerySet[Any] | None
    uncounted: QuerySet[Any] | None
    hours: QuerySet[Any] | None
    days: QuerySet[Any] | None

    @property
    def rows(self) -> list[QuerySet[Any]]:
        """Those that are made of single records."""
        return [rows for rows in (self.edges, self.uncounted) if rows is not None]

    @classmethod
    def of(cls, since: datetime, until: datetime, user_id: int | None = None) -> Sources:
        """The sources of what was accepted since then, ``until`` not included."""
        first, last = _from_hour(since), _until_hour(until)
        rows, days = rows_of(since, until, user_id), days_of(since, until, user_id)
        if first >= last:
            return cls(edges=rows, uncounted=None, hours=None, days=days)
        before, after = Q(accepted_at__lt=first), Q(accepted_at__gte=last)
        return cls(
            edges=rows.filter(before | after) if since < first or last < until else None,
            uncounted=rows.filter(~before & ~after, is_in_hours__isnull=True),
            hours=hours_of(first, last, user_id),
            days=days,
        )

    def without_empty(self) -> Self:
        """Without records and pruned days that there are none of, which is the rule: asked once,
        so that several sums of a period read its hours alone."""
        return replace(
            self,
            edges=_unless_empty(self.edges),
            uncounted=_unless_empty(self.uncounted),
            days=_unless_empty(self.days),
        )


def _unless_empty(source: QuerySet[Any] | None) -> QuerySet[Any] | None:
    return source if source is not None and source.exists() else None


@contextmanager
def one_moment() -> Iterator[None]:
    """Have all queries of the block see the same moment, so that no row counts twice that moves
    from one source to another between them.

    Not so on SQLite, where a transaction would keep the flusher waiting, and within a transaction.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def rows_of(since: datetime, until: datetime, user_id: int | None = None) -> QuerySet[Any]:
    """The records of a period that are not pruned."""
    rows: QuerySet[Any] = UsageRow.objects.filter(accepted_at__gte=since, accepted_at__lt=until)
    return rows if user_id is None else rows.filter(user_id=user_id)


def hours_of(first: datetime, last: datetime, user_id: int | None = None) -> QuerySet[Any]:
    """The totals of the hours that begin from ``first`` on and before ``last``."""
    hours: QuerySet[Any] = UsageHour.objects.filter(hour__gte=first, hour__lt=last)
    return hours if user_id is None else hours.filter(user_id=user_id)


def days_of(since: datetime, until: datetime, user_id: int | None = None) -> QuerySet[Any]:
    """The totals of the days that were pruned and that a period touches."""
    days: QuerySet[Any] = UsageDay.objects.filter(
        day__gte=local_day(since), day__lte=local_day(until - INSTANT)
    )
    return days if user_id is None else days.filter(user_id=user_id)


def _from_hour(since: datetime) -> datetime:
    """The begin of the first whole hour."""
    begin = hour_of(since)
    return begin if begin == since else hour_of(begin + HOUR)


def _until_hour(until: datetime) -> datetime:
    """The end of the last whole hour; of the present one, if the period ends now."""
    is_now = abs(datetime.now(UTC) - until) < NEARLY_NOW
    return hour_of(until) + HOUR if is_now else hour_of(until)
