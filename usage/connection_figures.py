"""The last 24 hours of each connection: requests and failures by hour, and how long they took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum

from usage.failing import FAILURES
from usage.histograms import COUNTERS, LATENCY_COUNTERS, percentile
from usage.hours import HOUR, hour_of
from usage.models import UsageHour

HOURS = 24


@dataclass(slots=True, kw_only=True)
class DayOfConnection:
    """``by_hour`` has the requests and the failures of each hour with any request."""

    by_hour: dict[datetime, tuple[int, int]] = field(default_factory=dict)
    latency: list[int] = field(default_factory=lambda: [0] * COUNTERS)

    @property
    def requests(self) -> int:
        return sum(requests for requests, _ in self.by_hour.values())

    @property
    def failed(self) -> int:
        return sum(failed for _, failed in self.by_hour.values())

    @property
    def p95_ms(self) -> int | None:
        return percentile(self.latency, 95)


def hours_until(now: datetime) -> list[datetime]:
    """The beginnings of the last 24 hours, the one of ``now`` last."""
    last = hour_of(now)
    return [last - (HOURS - 1 - number) * HOUR for number in range(HOURS)]


def days_of_connections(
    *, now: datetime, names: Sequence[str] | None = None
) -> dict[str, DayOfConnection]:
    """By the name of the connection, of ``names`` or of all; one query."""
    rows = UsageHour.objects.filter(hour__gte=hours_until(now)[0] - timedelta(seconds=1))
    if names is not None:
        rows = rows.filter(connection__in=names)
    sums = {
        "all": Sum("requests"),
        "failures": Sum(FAILURES),
        **{f"all_{name}": Sum(name) for name in LATENCY_COUNTERS},
    }
    found: defaultdict[str, DayOfConnection] = defaultdict(DayOfConnection)
    grouped = rows.order_by().values_list("connection", "hour")
    summed: QuerySet[Any] = grouped.annotate(**sums)
    for name, hour, requests, failed, *latency in summed.iterator():
        day = found[name]
        day.by_hour[hour] = requests, failed
        day.latency = [one + more for one, more in zip(day.latency, latency, strict=True)]
    return dict(found)
