"""Periods from the ledger: what was used before a limit was made, and whether the sums are right.

A request that runs while its limit is made bears no mark of it. It counts if it is recorded by
then. What cannot be counted afterwards: the past of a key of a connection, which records do not
name; of pruned days images, responses over one socket beyond the first, those that a period only
touches, and all of them for a limit of some endpoints; members that have left a group.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from operator import add

from django.db import transaction

from infrastructure.patterns import matches
from limits.choices import Metric, Share, Window
from limits.counting.counting_lock import lock_for_counting
from limits.counting.ledger_sums import LedgerSum, day_sums, has_pruned_days, record_sums
from limits.counting.periods import SUMS, periods
from limits.marks import Mark, meter_of
from limits.meters.interface import Base
from limits.models import Limit, Period
from limits.quantities import Quantities
from limits.windows import Span, is_of_calendar, span_of, zone_of

BATCH = 500
NOTHING = Quantities()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a period says, and what the ledger says. ``is_complete``: all its records are there."""

    mark: Mark
    stored: Quantities
    counted: Quantities
    is_complete: bool

    @property
    def is_wrong(self) -> bool:
        return self.is_complete and self.stored != self.counted


def fill(limit: Limit, *, at: float | None = None) -> int:
    """Count into the current periods of ``limit`` what was used before it was made.

    Returns how many shares have a period then. For limits that begin by the calendar and are
    enabled. Counting again gives the same. Where the days of a period are pruned and cannot all be
    counted, no period gets smaller.
    """
    with transaction.atomic():
        lock_for_counting()
        return _fill(Limit.objects.get(pk=limit.pk), time.time() if at is None else at)


def _fill(limit: Limit, at: float) -> int:
    window = Window(limit.window)
    if not limit.is_enabled or not is_of_calendar(window):
        return 0
    span = span_of(window, zone_of(limit.time_zone), at)
    marked, unmarked = _counted(limit, span)
    there = {one.share: one for one in Period.objects.filter(limit=limit, start=span.start)}
    keeps_more = bool(limit.endpoints) and has_pruned_days(span)
    rows = [
        _period(limit, span, share, marked.get(share), unmarked.get(share))
        for share in sorted({*marked, *unmarked, *there})
    ]
    for row in rows:
        _go_on_from(row, there.get(row.share), keeps_more=keeps_more)
    _save(rows)
    transaction.on_commit(partial(periods.tell, _bases(limit, rows)), robust=True)
    return len(rows)


def rebuild(limit: Limit, *, repairs: bool = False) -> list[Comparison]:
    """Each period of ``limit`` beside the sum of the records that bear its mark, and of what was
    filled in. ``repairs``: periods that are wrong are put right. Where another price was assumed
    since, requests without a cost count by the new one.
    """
    with transaction.atomic():
        lock_for_counting()
        limit = Limit.objects.get(pk=limit.pk)
        rows = list(Period.objects.filter(limit=limit).order_by("start", "share"))
        comparisons = [
            comparison
            for span, share in sorted({(Span(row.start, row.end), _kind(row)) for row in rows})
            for comparison in _compared(limit, span, share, rows)
        ]
        if repairs:
            _repair(limit, rows, comparisons)
    return comparisons


def _compared(
    limit: Limit, span: Span, share: Share, rows: Iterable[Period]
) -> Iterator[Comparison]:
    found: defaultdict[str, Quantities] = defaultdict(lambda: NOTHING)
    for one in record_sums(limit, share, span, marked_alone=True):
        found[one.share] = _plus(found[one.share], one.used)
    is_complete = not has_pruned_days(span)
    for row in rows:
        if (row.start, row.end) == span and _kind(row) is share:
            counted = _plus(found[row.share], Quantities(*(row.filled or NOTHING)))
            yield Comparison(
                mark=Mark(limit.pk, row.share, row.start),
                stored=row.quantities,
                counted=counted,
                is_complete=is_complete,
            )


def _repair(limit: Limit, rows: list[Period], comparisons: Iterable[Comparison]) -> None:
    wrong = {one.mark: one.counted for one in comparisons if one.is_wrong}
    changed = [row for row in rows if Mark(limit.pk, row.share, row.start) in wrong]
    for row in changed:
        row.records += 1  # or meters would keep what they know
        for name, value in wrong[Mark(limit.pk, row.share, row.start)]._asdict().items():
            setattr(row, name, value)
    _save(changed)
    transaction.on_commit(partial(periods.tell, _bases(limit, changed)), robust=True)


Found = dict[str, tuple[int, Quantities]]  # records and what they used, by share


def _counted(limit: Limit, span: Span) -> tuple[Found, Found]:
    """What the ledger holds of the period: of records that bear its mark, and of all others."""
    share = Share(limit.share)
    marked: Found = {}
    unmarked: Found = {}
    days = () if limit.endpoints else day_sums(limit, share, span)
    for one in chain(record_sums(limit, share, span), days):
        if one.is_marked or _is_for(limit, one):
            found = marked if one.is_marked else unmarked
            records, used = found.get(one.share, (0, NOTHING))
            found[one.share] = records + one.records, _plus(used, one.used)
    return marked, unmarked


def _is_for(limit: Limit, one: LedgerSum) -> bool:
    if limit.endpoints and not any(matches(each, one.endpoint) for each in limit.endpoints):
        return False
    return any(matches(each, model) for each in limit.model_patterns for model in one.models)


def _period(
    limit: Limit,
    span: Span,
    share: str,
    marked: tuple[int, Quantities] | None,
    unmarked: tuple[int, Quantities] | None,
) -> Period:
    records, used = marked or (0, NOTHING)
    more, filled = unmarked or (0, NOTHING)
    return Period(
        limit=limit,
        share=share,
        start=span.start,
        end=span.end,
        records=records + more,
        filled=list(filled) if more else None,
        **_plus(used, filled)._asdict(),
    )


def _go_on_from(row: Period, before: Period | None, *, keeps_more: bool) -> None:
    """Have meters take ``row`` for newer than what they know."""
    if before is None:
        return
    row.records = max(row.records, before.records + 1)
    if keeps_more:
        for name in Quantities._fields:
            setattr(row, name, max(getattr(row, name), getattr(before, name)))


def _save(rows: list[Period]) -> None:
    Period.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["limit", "share", "start"],
        update_fields=["end", *SUMS, "filled"],
    )


def _bases(limit: Limit, rows: Iterable[Period]) -> list[Base]:
    metric = Metric(limit.metric)
    return [
        Base(
            meter_of(Mark(limit.pk, row.share, row.start), metric),
            row.quantities.of(metric),
            row.records,
            float(row.end),
        )
        for row in rows
    ]


def _kind(row: Period) -> Share:
    """Whose share a period counts, whatever the limit says by now."""
    return {"u": Share.EACH_USER, "k": Share.EACH_KEY}.get(row.share[:1], Share.POOL)


def _plus(one: Quantities, other: Quantities) -> Quantities:
    return Quantities(*map(add, one, other))
