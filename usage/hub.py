"""What a person, a key or the members of a group have used in 30 days, for their pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDay
from django.utils import timezone

from accounts.models import User
from infrastructure.moments import Moment
from usage.charts import Chart, Period, chart
from usage.explorer.outcomes import Tone, label
from usage.models import UsageHour, UsageRow
from usage.periods import local_day
from usage.reports import Line
from usage.use import DAYS, Use

NEWEST = 5
SUMS = ("requests", "failed", "cost", "unpriced", "prompt_tokens", "completion_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """``since`` is when the 30 days begin; ``of_keys`` are sums by the ids of keys."""

    since: datetime
    total: Line
    chart: Chart
    of_keys: dict[UUID, Use]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """A request, as a short list has it."""

    request_id: str
    at: Moment
    word: str
    tone: Tone
    model: str


def of_user(user_id: int) -> Figures:
    return _figures(UsageHour.objects.filter(user_id=user_id))


def of_key(key_id: UUID, user_id: int) -> Figures:
    return _figures(UsageHour.objects.filter(user_id=user_id, key_id=key_id))


def of_group(group_id: int) -> Figures:
    """Of the users who are members now, whenever they joined."""
    members = User.objects.filter(groups=group_id).order_by().values("pk")
    return _figures(UsageHour.objects.filter(user_id__in=members))


def newest(**fields: Any) -> list[Recent]:
    """The requests with these ``fields`` that came last."""
    now = datetime.now(UTC)
    rows = UsageRow.objects.filter(**fields).order_by("-accepted_at")[:NEWEST]
    return [_recent(row, now) for row in rows]


def _recent(row: UsageRow, now: datetime) -> Recent:
    word, tone = label(row)
    at = Moment.of(row.accepted_at, now=now)
    return Recent(request_id=row.request_id, at=at, word=word, tone=tone, model=row.model)


def _figures(hours: QuerySet[UsageHour]) -> Figures:
    period = Period.of_last(DAYS, now=datetime.now(UTC))
    days: dict[str, Line] = {}
    keys: defaultdict[UUID, Line] = defaultdict(lambda: Line(group=""))
    for day, key_id, line in _grouped(hours.filter(hour__gte=period.since)):
        days[day] = days[day] + line if day in days else line
        keys[key_id] += line
    first = local_day(period.since)
    names = [(first + timedelta(days=n)).isoformat() for n in range(DAYS)]
    lines = [days.get(name) or Line(group=name) for name in names]
    total = sum(lines[1:], lines[0])
    return Figures(
        since=period.since,
        total=total,
        chart=chart("Requests", lines, lambda line: line.requests, lambda n: f"{n:,.0f}"),
        of_keys={
            key: Use(requests=line.requests, cost=line.cost, unpriced=line.unpriced)
            for key, line in keys.items()
        },
    )


def _grouped(hours: QuerySet[UsageHour]) -> Iterable[tuple[str, UUID, Line]]:
    """One query: a line for each day and key."""
    zone = timezone.get_default_timezone()
    sums = {f"total_{name}": Sum(name) for name in SUMS}
    days: Any = hours.order_by().annotate(day=TruncDay("hour", tzinfo=zone))
    for row in days.values("day", "key_id").annotate(**sums):
        day = f"{row['day']:%Y-%m-%d}"
        values: dict[str, Any] = {name: row[f"total_{name}"] or 0 for name in SUMS}
        values["cost"] = Decimal(values["cost"])
        yield day, row["key_id"], Line(group=day, **values)
