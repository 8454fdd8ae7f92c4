"""What a period comes to in all: sums, how long requests took, and which days are only totals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import Any

from django.db.models import Max, Min

from usage.failing import IS_FAILED
from usage.periods import in_words
from usage.reports import By, Line, report
from usage.sources import days_of, rows_of

TOTAL = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """``p50_ms`` and ``p95_ms`` are of the requests that did not fail, None without any.

    ``first_pruned`` and ``last_pruned`` are days whose records became totals, if there are any.
    """

    since: datetime
    until: datetime
    total: Line
    p50_ms: int | None
    p95_ms: int | None
    first_pruned: date | None
    last_pruned: date | None

    @classmethod
    def of(cls, *, since: datetime, until: datetime, user_id: int | None = None) -> Summary:
        lines = report(By.USER, since=since, until=until, user_id=user_id)
        durations = (
            rows_of(since, until, user_id)
            .exclude(IS_FAILED)
            .order_by("duration_ms")
            .values_list("duration_ms", flat=True)
        )
        count = durations.count()
        pruned = days_of(since, until, user_id).aggregate(first=Min("day"), last=Max("day"))
        return cls(
            since=since,
            until=until,
            total=reduce(Line.__add__, lines, Line(group=TOTAL)),
            p50_ms=durations[(count - 1) // 2] if count else None,
            p95_ms=durations[(count * 95 - 1) // 100] if count else None,
            first_pruned=pruned["first"],
            last_pruned=pruned["last"],
        )

    @property
    def period(self) -> str:
        return f"{in_words(self.since)} to {in_words(self.until)}"

    @property
    def of_pruned(self) -> str:
        """What to know of the days that are only totals; empty if there are none."""
        if self.first_pruned is None or self.last_pruned is None:
            return ""
        days = f"{self.first_pruned:%Y-%m-%d}"
        if self.first_pruned != self.last_pruned:
            days = f"Days from {days} to {self.last_pruned:%Y-%m-%d} are"
        else:
            days = f"The day {days} is"
        return f"{days} pruned: counted whole, without hours, p50 and p95."

    def as_json(self) -> dict[str, Any]:
        pruned = [str(self.first_pruned), str(self.last_pruned)] if self.first_pruned else None
        totals = {name: value for name, value in self.total.as_json().items() if name != "group"}
        return {**totals, "p50_ms": self.p50_ms, "p95_ms": self.p95_ms, "pruned_days": pruned}
