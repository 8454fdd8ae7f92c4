"""Adds rows to the totals of their hours, in the transaction that stores or marks the rows.

::

    rows ──► by hour, user, key, model and connection ──► sums of each ──► upsert, in one order

Hours are those of ``GATEWAY_TIME_ZONE``, so that days and months of the zone are made of whole
hours also where it is half an hour off UTC.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from usage.failing import FAILED
from usage.histograms import FIRST_BYTE_COUNTERS, LATENCY_COUNTERS, histogram_of
from usage.models import Price, PriceSource
from usage.sqlite_values import cost_text, key_text, moment_text
from usage.totals import PLACES
from wire_formats.figures import MOST

HOUR = timedelta(hours=1)
TOLD = (
    "prompt_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "audio_prompt_tokens",
    "audio_completion_tokens",
    "audio_seconds",
    "images",
)
OUTCOME = ("status", "error_code", "is_client_gone", "is_streamed")
REST = (*OUTCOME, "first_byte_ms", "duration_ms", "cost", "price_id")
# The columns of a row that the totals are made of, in the order in which rows are given.
TAKEN = ("accepted_at", *PLACES, *TOLD, *REST)

KEY = ("hour", *PLACES)
COUNTED = (
    "requests",
    "failed",
    "client_gone",
    "left_unanswered",
    "unpriced",
    "estimated",
    "duration_ms",
    "cost",
)
SUMS = (*COUNTED, *TOLD, *LATENCY_COUNTERS, *FIRST_BYTE_COUNTERS)
NAMES = (*KEY, *SUMS)
CONFLICT = ", ".join(KEY)
KEY_PLACES = f"({', '.join(['%s'] * len(KEY))}"
MOST_ROWS = 500  # of a statement
# Types that SQLite does not have.
ADAPTED: dict[str, Callable[[Any], Any]] = {
    "hour": moment_text,
    "key_id": key_text,
    "cost": cost_text,
}
NOTHING = Decimal(0)

Taken = tuple[Any, ...]
Key = tuple[Any, ...]


def hour_of(moment: datetime) -> datetime:
    """The moment at which the hour of ``moment`` began in ``GATEWAY_TIME_ZONE``."""
    local = moment.astimezone(timezone.get_default_timezone())
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return moment - past


def add(rows: Iterable[Taken]) -> None:
    """Add ``rows``, each with the values of ``TAKEN``. They must not have been added before.

    Raises ``django.db.Error``. To be called in a transaction. Keys come in one order, or two who
    add at the same time may lock each other out.
    """
    groups = _by_key(rows)
    if not groups:
        return
    estimates = _estimates()
    totals = [(*key, *_sums(groups[key], estimates)) for key in sorted(groups)]
    for start in range(0, len(totals), MOST_ROWS):
        names, some = _without_zeros(totals[start : start + MOST_ROWS])
        upsert = _upsert if connection.vendor == "postgresql" else _upsert_each
        upsert(names, some)


def _by_key(rows: Iterable[Taken]) -> dict[Key, list[Taken]]:
    groups: defaultdict[Key, list[Taken]] = defaultdict(list)
    hours: dict[int, datetime] = {}  # by minute: rows of a batch are of few
    for row in rows:
        minute = int(row[0].timestamp()) // 60
        hour = hours.get(minute)
        if hour is None:
            hour = hours[minute] = hour_of(row[0])
        groups[(hour, *row[1:7])].append(row[7:])
    return groups


def _sums(rows: Sequence[Taken], estimates: frozenset[int]) -> Iterator[Any]:
    """The values of ``SUMS``. No figure beyond belief is added: an older version stored them."""
    columns = list(zip(*rows, strict=True))
    *told, status, codes, gone, streamed, first_bytes, durations, costs, prices = columns
    went_well = [code < FAILED and not error for code, error in zip(status, codes, strict=True)]
    known = [cost for cost in costs if cost is not None]
    yield len(rows)
    yield len(rows) - sum(went_well)
    yield sum(gone)
    yield sum(is_gone and not well for is_gone, well in zip(gone, went_well, strict=True))
    yield (
        sum(cost is None and code < FAILED for cost, code in zip(costs, status, strict=True))
        if len(known) < len(rows)
        else 0
    )
    yield (
        sum(
            price in estimates and cost is not None
            for price, cost in zip(prices, costs, strict=True)
        )
        if estimates
        else 0
    )
    yield sum(durations)
    yield sum(known, NOTHING)
    for column in told:
        yield sum([value for value in column if value and value <= MOST])
    yield from histogram_of([ms for ms, well in zip(durations, went_well, strict=True) if well])
    waits = zip(first_bytes, streamed, went_well, strict=True)
    yield from histogram_of(
        [ms for ms, is_one, well in waits if well and is_one and ms is not None]
    )


def _estimates() -> frozenset[int]:
    """The prices that are the list's for another host or service tier."""
    return frozenset(
        Price.objects.filter(source=PriceSource.ESTIMATE).order_by().values_list("pk", flat=True)
    )


def _without_zeros(totals: Sequence[Key]) -> tuple[list[str], list[Key]]:
    """The columns in which any of ``totals`` has something, with the values of each."""
    columns = list(zip(*totals, strict=True))
    used = [n for n, column in enumerate(columns) if n < len(KEY) or any(column)]
    return [NAMES[n] for n in used], list(zip(*(columns[n] for n in used), strict=True))


def _upsert(names: Sequence[str], totals: Sequence[Key]) -> None:
    """Numbers are written into the statement: as parameters they take several times as long."""
    places = [f"{KEY_PLACES}, {', '.join(map(str, total[len(KEY) :]))})" for total in totals]
    with connection.cursor() as cursor:
        cursor.execute(
            _statement(names, ", ".join(places)),
            [value for total in totals for value in total[: len(KEY)]],
        )


def _upsert_each(names: Sequence[str], totals: Sequence[Key]) -> None:
    """One prepared statement, run over and over."""
    adapted = [(names.index(name), ADAPTED[name]) for name in names if name in ADAPTED]
    prepared = []
    for total in totals:
        values = list(total)
        for position, written in adapted:
            values[position] = written(values[position])
        prepared.append(values)
    with connection.cursor() as cursor:
        cursor.executemany(_statement(names, f"({', '.join(['%s'] * len(names))})"), prepared)


def _statement(names: Sequence[str], places: str) -> str:
    sums = names[len(KEY) :]
    added = ", ".join(f"{name} = usage_usagehour.{name} + excluded.{name}" for name in sums)
    return (
        f"INSERT INTO usage_usagehour ({', '.join(names)}) VALUES {places} "  # noqa: S608 - the names are ours
        f"ON CONFLICT ({CONFLICT}) DO UPDATE SET {added}"
    )
