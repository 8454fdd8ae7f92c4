"""Adds what requests used to the periods of their limits, in the transaction that stores them.

::

    new rows ──► sums by mark ──► upsert ──► commit ──► bases: what the database holds now
    rows that were there ─────► their periods ──────────┘       with the requests it holds
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from operator import add
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from limits.alerts.crossings import crossings
from limits.choices import Metric, Unpriced, Window
from limits.counting.counting_lock import lock_for_adding
from limits.counting.used import per_token, quantities_of
from limits.marks import Mark, meter_of, read_mark, read_meter
from limits.meters.interface import Ask, Base
from limits.models import Period
from limits.quantities import Quantities
from limits.windows import end_of, is_of_calendar, zone_of
from usage.companions import AfterCommit, Stored
from usage.record import UsageRecord

OnFlushed = Callable[[Sequence[Base]], None]
KEPT = timedelta(days=400)  # a year to compare with, and a month
MOST_ROWS = 500  # of a statement
# Two of them fit into 64 bits; in dollars, four thousand millions.
MOST = 2**62 - 1
KEY = ("limit_id", "share", "start")
SUMS = ("records", *Quantities._fields)
NOTHING = (0,) * len(SUMS)
COLUMNS = ", ".join(f'"{name}"' for name in (*KEY, "end", *SUMS))
ADDED = ", ".join(
    f'"{name}" = CASE WHEN limits_period."{name}" > {MOST} THEN {MOST} '
    f'ELSE limits_period."{name}" END + excluded."{name}"'
    for name in SUMS
)


class Counted(NamedTuple):
    """How a limit counts."""

    metric: Metric
    window: Window
    time_zone: str
    assumed_per_token: int | None

    def as_assumed(self, used: Quantities, *, is_priced: bool) -> Quantities:
        """``used`` as this limit counts it."""
        if is_priced or self.assumed_per_token is None:
            return used
        return used.assuming(self.assumed_per_token)

    def end_of(self, mark: Mark) -> int:
        return end_of(self.window, zone_of(self.time_zone), mark.start)


Sums = dict[Mark, tuple[int, ...]]  # records, and then as quantities are


class Periods:
    """The companion of usage records. ``on_flushed`` is told on the thread that stored them."""

    def __init__(self) -> None:
        self.on_flushed: OnFlushed | None = None

    def wants(self, record: UsageRecord) -> bool:
        return bool(record.limit_marks)

    def add(self, new: Sequence[Stored], known: Sequence[Stored]) -> AfterCommit | None:
        """Add ``new`` to the periods that they are marked with.

        Marks of limits that are deleted by now are passed over.
        """
        marks = _marks_of((*new, *known))
        lock_for_adding()
        limits = _limits({mark.limit_id for mark in marks})
        totals = _added(_sums(new, limits), limits)
        others = [mark for mark in marks if mark not in totals and mark.limit_id in limits]
        crossings.note({mark: Quantities(*used) for mark, (_, *used) in totals.items()})
        totals |= _totals(others)
        if self.on_flushed is None:
            return None
        return partial(self.tell, _bases(totals, limits, marks))

    def prune(self, before: datetime) -> None:
        """Forget periods that ended ``before`` then, and ``KEPT`` ago."""
        oldest = min(before, datetime.now(UTC) - KEPT)
        Period.objects.filter(end__lt=int(oldest.timestamp())).delete()

    def tell(self, bases: Sequence[Base]) -> None:
        """Have the meters know what the database holds."""
        if self.on_flushed is not None and bases:
            self.on_flushed(bases)


def bases_of(asks: Iterable[Ask]) -> list[Base]:
    """What the database holds of the periods that ``asks`` name, by one query; blocks on it.

    A period that nobody used is 0, of no records. Asks for other meters are passed over.
    """
    asked = [(ask, read_meter(ask.meter)) for ask in asks]
    found = _totals([named[0] for _, named in asked if named is not None])
    bases = []
    for ask, named in asked:
        if named is None:
            continue
        mark, metric = named
        records, *used = found.get(mark, NOTHING)
        bases.append(Base(ask.meter, Quantities(*used).of(Metric(metric)), records, ask.ends_at))
    return bases


def _read(record: UsageRecord) -> frozenset[Mark]:
    """The marks of ``record``; a line of a journal may hold anything."""
    texts = record.limit_marks
    if not isinstance(texts, list):
        return frozenset()
    try:
        return _marks_in(tuple(texts))
    except TypeError:  # some of them cannot be compared, and are no marks
        return _marks_in(tuple([text for text in texts if isinstance(text, str)]))


@lru_cache(maxsize=4096)
def _marks_in(texts: tuple[Any, ...]) -> frozenset[Mark]:
    """Many requests count towards the same periods."""
    return frozenset(mark for text in texts if (mark := read_mark(text)) is not None)


def _marks_of(stored: Iterable[Stored]) -> dict[Mark, list[str]]:
    """The requests of each mark."""
    groups: defaultdict[frozenset[Mark], list[str]] = defaultdict(list)
    for one in stored:
        groups[_read(one.record)].append(one.record.request_id)
    marks: defaultdict[Mark, list[str]] = defaultdict(list)
    for together, request_ids in groups.items():
        for mark in together:
            marks[mark] += request_ids
    return marks


def _limits(ids: set[int]) -> dict[int, Counted]:
    """How each limit that is there counts. It stays there until the transaction ends."""
    lock = " FOR KEY SHARE" if connection.vendor == "postgresql" else ""
    places = ", ".join(["%s"] * len(ids))
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT id, metric, "window", time_zone, unpriced, assumed_per_million '  # noqa: S608 - the names are ours
            f"FROM limits_limit WHERE id IN ({places}) ORDER BY id{lock}",
            sorted(ids),
        )
        rows = cursor.fetchall()
    return {row[0]: _counted(*row[1:]) for row in rows}


def _counted(metric: str, window: str, time_zone: str, unpriced: str, per_million: Any) -> Counted:
    is_assumed = unpriced == Unpriced.ASSUME.value
    return Counted(
        Metric(metric),
        Window(window),
        time_zone,
        # SQLite has no decimal numbers.
        per_token(Decimal(str(per_million))) if is_assumed else None,
    )


def _sums(new: Iterable[Stored], limits: dict[int, Counted]) -> Sums:
    """What ``new`` add to each period: first by the periods together, which most requests share."""
    groups: dict[tuple[frozenset[Mark], bool], tuple[int, ...]] = {}
    for stored in new:
        group = _read(stored.record), stored.cost is not None
        groups[group] = _plus(groups.get(group, NOTHING), (1, *quantities_of(*stored)))
    sums: Sums = {}
    for (marks, is_priced), (records, *used) in groups.items():
        for mark in marks:
            if limit := limits.get(mark.limit_id):
                one = (records, *limit.as_assumed(Quantities(*used), is_priced=is_priced))
                sums[mark] = _plus(sums.get(mark, NOTHING), one)
    return sums


def _plus(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    total = tuple(map(add, one, other))
    return total if max(total) <= MOST else tuple(min(value, MOST) for value in total)


def _added(sums: Sums, limits: dict[int, Counted]) -> Sums:
    """Add ``sums`` to their periods, in the same order everywhere, and give the totals."""
    totals: Sums = {}
    rows: list[tuple[Any, ...]] = [
        (*mark, limits[mark.limit_id].end_of(mark), *sums[mark]) for mark in sorted(sums)
    ]
    for start in range(0, len(rows), MOST_ROWS):
        some = rows[start : start + MOST_ROWS]
        places = ", ".join([f"({', '.join(['%s'] * len(some[0]))})"] * len(some))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO limits_period ({COLUMNS}) VALUES {places} "  # noqa: S608 - the names are ours
                f"ON CONFLICT (limit_id, share, start) DO UPDATE SET {ADDED} RETURNING {COLUMNS}",
                [value for row in some for value in row],
            )
            for limit_id, share, begin, _, *total in cursor.fetchall():
                totals[Mark(limit_id, share, begin)] = tuple(total)
    return totals


def _totals(marks: Sequence[Mark]) -> Sums:
    """What the database holds of periods; those without a row are left out."""
    found: Sums = {}
    for start in range(0, len(marks), MOST_ROWS):
        wanted = Q()
        for mark in marks[start : start + MOST_ROWS]:
            wanted |= Q(**mark._asdict())
        for row in Period.objects.filter(wanted).values_list(*KEY, *SUMS):
            found[Mark(*row[:3])] = row[3:]
    return found


def _bases(totals: Sums, limits: dict[int, Counted], marks: dict[Mark, list[str]]) -> list[Base]:
    bases = []
    for mark, (records, *used) in totals.items():
        limit = limits[mark.limit_id]
        if is_of_calendar(limit.window):
            amount = Quantities(*used).of(limit.metric)
            name = meter_of(mark, limit.metric)
            end = float(limit.end_of(mark))
            bases.append(Base(name, amount, records, end, tuple(marks.get(mark, ()))))
    return bases


periods = Periods()
