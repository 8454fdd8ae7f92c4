"""What one person used, by day, by model and by key: three queries for all of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncHour
from django.utils import timezone

from usage.charts import Period
from usage.failing import FAILURES, IS_FAILED, IS_FAILURE
from usage.periods import local_day
from usage.reports import IS_ESTIMATED, IS_UNPRICED, Line
from usage.sources import Sources, one_moment
from wire_formats.figures import MOST

TOKENS = ("prompt_tokens", "completion_tokens")
COUNTS = ("requests", "failed", "unpriced", "estimated")
PERIODS = {7: "7 days", 30: "30 days", 90: "90 days"}
USUAL_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Lines of one period. ``by_day`` has one for each day, the oldest first; the others begin
    with what cost most. ``key_ids`` are those of ``by_key``."""

    period: Period
    total: Line
    by_day: tuple[Line, ...]
    by_model: tuple[Line, ...]
    by_key: tuple[Line, ...]
    key_ids: dict[str, str] = field(default_factory=dict)


def days_asked(text: str) -> int:
    """One of ``PERIODS``."""
    return int(text) if text.isascii() and text.isdigit() and int(text) in PERIODS else USUAL_DAYS


def usage_of(user_ids: list[int], days: int, *, now: datetime) -> Usage:
    """Of one person, or of several together."""
    period = Period.of_last(days, now=now)
    by_day: defaultdict[str, Line] = defaultdict(lambda: Line(group=""))
    by_model: defaultdict[str, Line] = defaultdict(lambda: Line(group=""))
    by_key: defaultdict[str, Line] = defaultdict(lambda: Line(group=""))
    total, key_ids = Line(group="total"), {}
    with one_moment():
        found = list(_parts(user_ids, period.since, now))
    for day, model, key_id, hint, line in found:
        total += line
        by_day[day.isoformat()] += line
        by_model[model] += line
        by_key[hint] += line
        key_ids[hint] = str(key_id)
    first = local_day(period.since)
    days_of_period = [(first + timedelta(days=n)).isoformat() for n in range(period.days)]
    return Usage(
        period=period,
        total=total,
        by_day=tuple(_named(day, by_day[day]) for day in days_of_period),
        by_model=_by_cost(by_model),
        by_key=_by_cost(by_key),
        key_ids=key_ids,
    )


def details_of(
    user_ids: list[int], days: int, *, now: datetime
) -> list[tuple[date, str, str, Line]]:
    """A line for each day, model and hint of a key, in this order. Three queries."""
    found: defaultdict[tuple[date, str, str], Line] = defaultdict(lambda: Line(group=""))
    with one_moment():
        parts = list(_parts(user_ids, Period.of_last(days, now=now).since, now))
    for day, model, _, hint, line in parts:
        found[day, model, hint] += line
    return [(*place, found[place]) for place in sorted(found)]


def _named(name: str, line: Line) -> Line:
    return Line(group=name) + line


def _by_cost(lines: dict[str, Line]) -> tuple[Line, ...]:
    named = [_named(name, line) for name, line in lines.items()]
    return tuple(sorted(named, key=lambda line: (-line.cost, -line.requests, line.group)))


Part = tuple[date, str, Any, str, Line]


def _parts(user_ids: list[int], since: datetime, until: datetime) -> Iterator[Part]:
    sources = Sources.of(since, until)
    zone = timezone.get_default_timezone()
    for rows in sources.rows:
        counted = {
            "total_requests": Count("pk"),
            "total_failed": Count("pk", filter=IS_FAILED),
            "total_failures": Count("pk", filter=IS_FAILURE),
            "total_unpriced": Count("pk", filter=IS_UNPRICED),
            "total_estimated": Count("pk", filter=IS_ESTIMATED),
        }
        hours = rows.annotate(of_time=TruncHour("accepted_at", tzinfo=zone))
        yield from _grouped(hours, user_ids, counted)
    for totals, of_time in ((sources.hours, F("hour")), (sources.days, F("day"))):
        if totals is not None:
            sums = {f"total_{name}": Sum(name) for name in COUNTS}
            sums["total_failures"] = Sum(FAILURES)
            yield from _grouped(totals.annotate(of_time=of_time), user_ids, sums)


def _grouped(source: QuerySet[Any], user_ids: list[int], counts: dict[str, Any]) -> Iterator[Part]:
    sums = {f"total_{name}": Sum(name, filter=Q(**{f"{name}__lte": MOST})) for name in TOKENS}
    if source.model.__name__ != "UsageRow":  # sums of believable figures
        sums = {f"total_{name}": Sum(name) for name in TOKENS}
    grouped = (
        source.filter(user_id__in=user_ids)
        .order_by()
        .values("of_time", "model", "key_id", "key_hint")
        .annotate(total_cost=Sum("cost"), **sums, **counts)
    )
    for row in grouped:
        values: dict[str, Any] = {
            name: row[f"total_{name}"] or 0 for name in (*TOKENS, *COUNTS, "failures", "cost")
        }
        yield (
            _day(row["of_time"]),
            row["model"],
            row["key_id"],
            row["key_hint"],
            Line(group="", **values),
        )


def _day(moment: date | datetime) -> date:
    return local_day(moment) if isinstance(moment, datetime) else moment
