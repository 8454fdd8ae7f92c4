"""The sums behind reports, as the database gives them: one query for each source of a period.

Groupings that ask for the same groups share their queries. Those by user, model, connection and
key come from one pass over the finest groups, of which there are far fewer than hours and keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from operator import add
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncHour
from django.utils import timezone

from usage.failing import FAILED, FAILURES, IS_FAILED, IS_FAILURE
from usage.models import PriceSource
from usage.report_lines import OF_TIME, By
from usage.sources import Sources
from wire_formats.figures import MOST

COLUMNS_OF = {
    By.USER: ("user_id", "username"),
    By.MODEL: ("model",),
    By.CONNECTION: ("connection",),
    By.KEY: ("key_hint",),
    By.GROUP: ("user_id",),
}
TIME = ("of_time",)
IS_UNPRICED = Q(cost__isnull=True, status__lt=FAILED)
IS_ESTIMATED = Q(cost__isnull=False, price__source=PriceSource.ESTIMATE)
COUNTS_OF_ROWS = {
    "requests": Count("pk"),
    "failed": Count("pk", filter=IS_FAILED),
    "failures": Count("pk", filter=IS_FAILURE),
    "unpriced": Count("pk", filter=IS_UNPRICED),
    "estimated": Count("pk", filter=IS_ESTIMATED),
}
COUNTS = frozenset(COUNTS_OF_ROWS)
COUNTS_OF_TOTALS = {"failures": Sum(FAILURES)}

Sums = list[Any]  # the values of the figures that were asked for, in their order
ByLabel = dict[str, Sums]  # the label of a user is the id, a space and the name


def sums_of(wanted: Iterable[By], sources: Sources, figures: Sequence[str]) -> dict[By, ByLabel]:
    """For each of ``wanted`` the sums of its groups. ``figures`` are some of ``ADDED``."""
    together = tuple(wanted)
    of_time = tuple(by for by in together if by in OF_TIME)
    others = tuple(by for by in together if by not in OF_TIME)
    found: dict[By, ByLabel] = {by: {} for by in together}
    for bunch in filter(None, (of_time, others)):
        columns = columns_of(bunch)
        for key, sums in _groups(sources, columns, figures):
            group = dict(zip(columns, key, strict=True))
            for by in bunch:
                _add(found[by], _label(by, group), sums)
    return found


def columns_of(bunch: Iterable[By]) -> tuple[str, ...]:
    """The columns that a query groups by to serve all of ``bunch``."""
    return tuple(dict.fromkeys(name for by in bunch for name in COLUMNS_OF.get(by, TIME)))


def _add(found: ByLabel, label: str, sums: Sums) -> None:
    before = found.get(label)
    found[label] = sums if before is None else list(map(add, before, sums))


def _groups(
    sources: Sources, columns: tuple[str, ...], figures: Sequence[str]
) -> Iterator[tuple[Sequence[Any], Sums]]:
    for rows in sources.rows:
        yield from _of_rows(rows, columns, figures)
    if sources.hours is not None:
        yield from _of_totals(sources.hours, F("hour"), columns, figures)
    if sources.days is not None:
        most = F("requests") * MOST
        yield from _of_totals(sources.days, F("day"), columns, figures, most=most)


def _of_rows(rows: QuerySet[Any], columns: tuple[str, ...], figures: Sequence[str]) -> Any:
    if columns == TIME:
        zone = timezone.get_default_timezone()
        rows = rows.annotate(of_time=TruncHour("accepted_at", tzinfo=zone))
    return _grouped(rows, columns, figures, most=MOST, counts=COUNTS_OF_ROWS)


def _of_totals(
    totals: QuerySet[Any],
    of_time: F,
    columns: tuple[str, ...],
    figures: Sequence[str],
    *,
    most: Any = None,
) -> Any:
    if columns == TIME:
        totals = totals.annotate(of_time=of_time)
    return _grouped(totals, columns, figures, most=most, counts=COUNTS_OF_TOTALS)


def _grouped(
    source: QuerySet[Any],
    columns: tuple[str, ...],
    figures: Sequence[str],
    *,
    most: Any,
    counts: dict[str, Any],
) -> Iterator[tuple[Sequence[Any], Sums]]:
    """Adds up only values of at most ``most``, so that no sum passes 64 bits.

    Hours have none beyond that, and a condition for each figure takes as long as the sums.
    """
    sums = {f"total_{name}": counts.get(name) or _sum(name, most) for name in figures}
    cost = figures.index("cost") if "cost" in figures else None
    groups = {f"by_{name}": F(name) for name in columns}
    values = source.order_by().values(**groups).annotate(**sums).values_list(*groups, *sums)
    for found in values.iterator():
        totals = [value or 0 for value in found[len(columns) :]]
        if cost is not None:
            totals[cost] = Decimal(totals[cost])
        yield found[: len(columns)], totals


def _sum(name: str, most: Any) -> Sum:
    is_capped = most is not None and name not in COUNTS and name != "cost"
    return Sum(name, filter=Q(**{f"{name}__lte": most}) if is_capped else None)


def _label(by: By, group: dict[str, Any]) -> str:
    """The name of a line. Times are those of hours, or days that were pruned."""
    if by not in OF_TIME:
        return " ".join(str(group[name]) for name in COLUMNS_OF[by])
    time = group["of_time"]
    if isinstance(time, datetime):
        time = time.astimezone(timezone.get_default_timezone())
        if by is By.HOUR:
            return f"{time:%Y-%m-%d %H:00}"
    return f"{time:%Y-%m}" if by is By.MONTH else f"{time:%Y-%m-%d}"
