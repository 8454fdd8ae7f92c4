"""Usage and cost: sums over the present rows and the totals of older days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from usage.models import UsageDay, UsageRow
from wire_formats.figures import MOST


class By(StrEnum):
    """The grouping of a report: one line for each."""

    USER = "user"
    MODEL = "model"
    CONNECTION = "connection"
    KEY = "key"
    DAY = "day"


COLUMN_OF = {
    By.USER: "username",
    By.MODEL: "model",
    By.CONNECTION: "connection",
    By.KEY: "key_hint",
    By.DAY: "day",
}
INSTANT = timedelta(microseconds=1)
IS_FAILED = Q(status__gte=400) | ~Q(error_code="")
IS_UNPRICED = Q(cost__isnull=True, status__lt=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The sums of one group. ``cost`` is in US dollars, without the ``unpriced`` requests."""

    group: str
    requests: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    audio_prompt_tokens: int = 0
    audio_completion_tokens: int = 0
    audio_seconds: float = 0.0
    cost: Decimal = Decimal(0)
    unpriced: int = 0

    def __add__(self, other: Line) -> Line:
        sums = {name: getattr(self, name) + getattr(other, name) for name in SUMS}
        return Line(group=self.group, **sums)

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.prompt_tokens + self.completion_tokens

    def as_json(self) -> dict[str, Any]:
        """``cost`` becomes a text, which no reader rounds."""
        values = {name: getattr(self, name) for name in SUMS}
        return {"group": self.group, **values, "cost": f"{self.cost.normalize():f}"}


SUMS = tuple(field.name for field in fields(Line) if field.name != "group")
TOLD_SUMS = tuple(name for name in SUMS if name not in {"requests", "failed", "unpriced", "cost"})


def report(
    by: By, *, since: datetime, until: datetime, user_id: int | None = None
) -> tuple[Line, ...]:
    """The lines of a period, ``until`` not included; of one user, if ``user_id`` is given.

    Days by date, everything else by cost and then by requests. A day that was pruned counts whole
    where the period touches it.
    """
    lines: dict[str, Line] = {}
    for line in _lines(by, since=since, until=until, user_id=user_id):
        lines[line.group] = lines[line.group] + line if line.group in lines else line
    if by is By.DAY:
        return tuple(sorted(lines.values(), key=lambda line: line.group))
    return tuple(sorted(lines.values(), key=lambda line: (-line.cost, -line.requests, line.group)))


def _lines(by: By, *, since: datetime, until: datetime, user_id: int | None) -> Iterator[Line]:
    rows: QuerySet[Any] = UsageRow.objects.filter(accepted_at__gte=since, accepted_at__lt=until)
    days: QuerySet[Any] = UsageDay.objects.filter(
        day__gte=_day(since), day__lte=_day(until - INSTANT)
    )
    if user_id is not None:
        rows, days = rows.filter(user_id=user_id), days.filter(user_id=user_id)
    if by is By.DAY:
        rows = rows.annotate(day=TruncDate("accepted_at", tzinfo=UTC))
    yield from _grouped(
        rows,
        by,
        most=MOST,
        requests=Count("pk"),
        failed=Count("pk", filter=IS_FAILED),
        unpriced=Count("pk", filter=IS_UNPRICED),
    )
    yield from _grouped(
        days,
        by,
        most=F("requests") * MOST,
        requests=Sum("requests"),
        failed=Sum("failed"),
        unpriced=Sum("unpriced"),
    )


def _grouped(source: QuerySet[Any], by: By, *, most: Any, **counts: Any) -> Iterator[Line]:
    """Adds up only values of at most ``most``, so that no sum passes 64 bits."""
    sums = {f"total_{name}": Sum(name, filter=Q(**{f"{name}__lte": most})) for name in TOLD_SUMS}
    sums["total_cost"] = Sum("cost")
    totals = {f"total_{name}": expression for name, expression in counts.items()}
    grouped = source.order_by().values(group=F(COLUMN_OF[by])).annotate(**sums, **totals)
    for found in grouped.iterator():
        values: dict[str, Any] = {name: found[f"total_{name}"] or 0 for name in SUMS}
        values["cost"] = Decimal(values["cost"])
        yield Line(group=_label(found["group"]), **values)


def _label(group: Any) -> str:
    return group.isoformat() if isinstance(group, date) else str(group)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
