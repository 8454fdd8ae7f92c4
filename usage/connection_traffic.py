"""30 days of one connection: requests by day, what it was used for and by whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone

from usage.explorer.asked import Asked, State
from usage.failing import FAILURES
from usage.models import UsageDay, UsageHour, UsageRow
from usage.periods import local_day, midnight

DAYS = 30
MOST_LINES = 10
MOST_FAILURES = 10

Sums = defaultdict[Any, list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """``user_id`` is of the user that the line stands for, if it stands for one."""

    name: str
    requests: int
    failed: int
    user_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """``days`` are in their order, also those without a request; the others by requests."""

    since: datetime
    days: Sequence[Count]
    models: Sequence[Count]
    people: Sequence[Count]

    @property
    def requests(self) -> int:
        return sum(day.requests for day in self.days)

    @property
    def failed(self) -> int:
        return sum(day.failed for day in self.days)


def traffic_of(connection: str, *, now: datetime) -> Traffic:
    """The traffic of the connection of this name, by four queries: two of hours, two of days."""
    today = local_day(now)
    days = [today - timedelta(days=DAYS - 1 - number) for number in range(DAYS)]
    since = midnight(days[0])
    by_day: Sums = defaultdict(lambda: [0, 0])
    by_model: Sums = defaultdict(lambda: [0, 0])
    by_user: Sums = defaultdict(lambda: [0, 0])
    sources: tuple[tuple[QuerySet[Any], str], ...] = (
        (UsageHour.objects.filter(hour__gte=since), "hour"),
        (UsageDay.objects.filter(day__gte=days[0]), "day"),
    )
    for source, moment in sources:
        rows = source.filter(connection=connection)
        for (when,), counts in _summed(rows, moment):
            _add(by_day[local_day(when) if isinstance(when, datetime) else when], counts)
        for (model, username, user_id), counts in _summed(rows, "model", "username", "user_id"):
            _add(by_model[model], counts)
            _add(by_user[username, user_id], counts)
    return Traffic(
        since=since,
        days=[_count(day.isoformat(), by_day[day]) for day in days],
        models=_top([_count(name, counts) for name, counts in by_model.items()]),
        people=_top([_count(name, counts, pk) for (name, pk), counts in by_user.items()]),
    )


def newest_failures(connection: str) -> Sequence[UsageRow]:
    """The newest failed requests whose last target was of the connection of this name."""
    asked = {"connection": connection, "state": State.FAILED.value}
    rows = Asked.read(asked, now=timezone.now()).rows(UsageRow.objects.all())
    return list(rows.order_by("-accepted_at")[:MOST_FAILURES])


def _summed(rows: QuerySet[Any], *names: str) -> Iterator[tuple[tuple[Any, ...], tuple[int, int]]]:
    grouped = rows.order_by().values_list(*names)
    for found in grouped.annotate(all=Sum("requests"), bad=Sum(FAILURES)).iterator():
        yield found[:-2], found[-2:]


def _add(sums: list[int], counts: tuple[int, int]) -> None:
    sums[0] += counts[0]
    sums[1] += counts[1]


def _count(name: str, counts: list[int], user_id: int | None = None) -> Count:
    return Count(name=name, requests=counts[0], failed=counts[1], user_id=user_id)


def _top(counts: list[Count]) -> Sequence[Count]:
    return sorted(counts, key=lambda each: (-each.requests, each.name))[:MOST_LINES]
