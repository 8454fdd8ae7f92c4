"""What a period came to, step by step, and each connection of the last 24 hours: one query.

Hours are read from their totals. The last hour is read from the records, in steps of minutes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, Count, DateTimeField, F, Q, QuerySet, Sum, Value, When

from gateway_project.overview.period import Period
from usage.failing import FAILURES, IS_FAILED, IS_FAILURE
from usage.histograms import BOUNDS_MS, FIRST_BYTE_COUNTERS, LATENCY_COUNTERS, percentile
from usage.hours import HOUR, hour_of
from usage.models import UsageHour, UsageRow
from usage.reports import IS_UNPRICED
from wire_formats.figures import MOST

HOURS = 24
COUNTS = ("requests", "failures", "client_gone", "unpriced")
TOKENS = ("prompt_tokens", "completion_tokens")
COLUMNS = (*COUNTS, *TOKENS, "cost", *LATENCY_COUNTERS, *FIRST_BYTE_COUNTERS)
EVERYTHING = ""  # the place of what is not of one connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The sums of some requests. Each of them is ``ok``, ``left`` or ``failures``."""

    values: tuple[Any, ...] = (0,) * len(COLUMNS)

    def __add__(self, other: Sums) -> Sums:
        pairs = zip(self.values, other.values, strict=True)
        return Sums(values=tuple(mine + its for mine, its in pairs))

    def of(self, column: str) -> int:
        return int(self.values[COLUMNS.index(column)])

    @property
    def requests(self) -> int:
        return self.of("requests")

    @property
    def left(self) -> int:
        """Those whose client left."""
        return self.of("client_gone")

    @property
    def failures(self) -> int:
        """Those that failed, while their client waited."""
        return self.of("failures")

    @property
    def ok(self) -> int:
        return self.requests - self.left - self.failures

    @property
    def failure_rate(self) -> float | None:
        return self.failures / self.requests if self.requests else None

    @property
    def tokens(self) -> int:
        return self.of("prompt_tokens") + self.of("completion_tokens")

    @property
    def cost(self) -> Decimal:
        return Decimal(self.values[COLUMNS.index("cost")])

    @property
    def p95_ms(self) -> int | None:
        return percentile([self.of(name) for name in LATENCY_COUNTERS], 95)

    @property
    def first_byte_p95_ms(self) -> int | None:
        return percentile([self.of(name) for name in FIRST_BYTE_COUNTERS], 95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """``steps`` are those of the period, ``hours`` the last ones of each connection by its name."""

    steps: tuple[Sums, ...]
    before: Sums
    hours: dict[str, tuple[Sums, ...]]
    first_hour: datetime

    @property
    def total(self) -> Sums:
        return total_of(self.steps)


def total_of(several: Sequence[Sums]) -> Sums:
    return sum(several, start=Sums())


def traffic_of(period: Period, *, now: datetime) -> Traffic:
    """One query."""
    first_hour = hour_of(now) - HOUR * (HOURS - 1)
    steps: defaultdict[int, Sums] = defaultdict(Sums)
    hours: defaultdict[str, defaultdict[int, Sums]] = defaultdict(lambda: defaultdict(Sums))
    for place, moment, sums in _found(period, first_hour):
        if place == EVERYTHING:
            steps[period.place(moment)] += sums
        else:
            hours[place][(moment - first_hour) // HOUR] += sums
    return Traffic(
        steps=tuple(steps[number] for number in range(period.choice.steps)),
        before=steps[-1],
        hours={
            name: tuple(found[number] for number in range(HOURS)) for name, found in hours.items()
        },
        first_hour=first_hour,
    )


def _found(period: Period, first_hour: datetime) -> Iterator[tuple[str, datetime, Sums]]:
    whole = _of_rows(period) if period.is_of_rows else _of_hours(period)
    by_connection = _summed(
        UsageHour.objects.filter(hour__gte=first_hour).exclude(connection=EVERYTHING),
        F("connection"),
    )
    for place, moment, *values in whole.union(by_connection, all=True):
        if moment is not None:
            yield place, moment, Sums(values=tuple(value or 0 for value in values))


def _of_hours(period: Period) -> QuerySet[Any, Any]:
    hours = UsageHour.objects.filter(hour__gte=period.before, hour__lt=period.until)
    return _summed(hours, Value(EVERYTHING, output_field=CharField()))


def _summed(hours: QuerySet[UsageHour], place: Any) -> QuerySet[Any, Any]:
    sums = {f"total_{name}": Sum(FAILURES if name == "failures" else name) for name in COLUMNS}
    grouped = hours.order_by().values(place=place, moment=F("hour")).annotate(**sums)
    return grouped.values_list("place", "moment", *sums)


def _of_rows(period: Period) -> QuerySet[Any, Any]:
    rows = UsageRow.objects.filter(accepted_at__gte=period.before, accepted_at__lt=period.until)
    begins = period.begins[::-1]
    step = Case(
        *(When(accepted_at__gte=begin, then=_moment(begin)) for begin in begins),
        default=_moment(period.before),
        output_field=DateTimeField(),
    )
    everything = Value(EVERYTHING, output_field=CharField())
    sums = {f"total_{name}": expression for name, expression in _row_sums().items()}
    grouped = rows.order_by().values(place=everything, moment=step).annotate(**sums)
    return grouped.values_list("place", "moment", *sums)


def _moment(moment: datetime) -> Value:
    return Value(moment, output_field=DateTimeField())


def _row_sums() -> dict[str, Any]:
    """The sums of ``COLUMNS`` over records, as the totals of hours count them."""
    well = ~IS_FAILED
    sums: dict[str, Any] = {
        "requests": Count("pk"),
        "failures": Count("pk", filter=IS_FAILURE),
        "client_gone": Count("pk", filter=Q(is_client_gone=True)),
        "unpriced": Count("pk", filter=IS_UNPRICED),
    }
    sums |= {name: Sum(name, filter=Q(**{f"{name}__lte": MOST})) for name in TOKENS}
    sums["cost"] = Sum("cost")
    lows = (-1, *BOUNDS_MS)
    for number, low in enumerate(lows):
        sums[f"latency_{number}"] = Count("pk", filter=well & _within("duration_ms", low, number))
        is_streamed = Q(is_streamed=True) & _within("first_byte_ms", low, number)
        sums[f"first_byte_{number}"] = Count("pk", filter=well & is_streamed)
    return {name: sums[name] for name in COLUMNS}


def _within(column: str, low: int, number: int) -> Q:
    above = Q(**{f"{column}__gt": low})
    return above & Q(**{f"{column}__lte": BOUNDS_MS[number]}) if number < len(BOUNDS_MS) else above
