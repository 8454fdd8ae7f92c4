"""A page of the list by key, and what the newest rows of a selection have in common."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet

from usage.explorer.asked import Asked, Cursor, State
from usage.models import UsageRow
from usage.row_indexes import SLOW_MS

ROWS = 50
SAMPLE = 1000
MOST_VALUES = 5
NEWEST_FIRST = ("-accepted_at", "-request_id")
OLDEST_FIRST = ("accepted_at", "request_id")
COUNTED = ("user_id", "username", "model", "connection", "error_code")
COLUMNS = (*COUNTED, "status", "is_client_gone", "duration_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Rows, the newest first; the cursors of the pages beside, None where there is none."""

    rows: list[UsageRow]
    newer: Cursor | None = None
    older: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of a facet: how it is shown, and how an address has it."""

    name: str
    value: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """Counts among the newest ``rows``; ``is_all`` where these are all that fit."""

    rows: int
    is_all: bool
    states: dict[State, int]
    fields: dict[str, list[Value]]


def page_of(rows: QuerySet[UsageRow], asked: Asked) -> Page:
    """One query, of ``ROWS`` rows and one more."""
    if asked.after is not None:
        found = list(rows.filter(asked.after.newer).order_by(*OLDEST_FIRST)[: ROWS + 1])
        shown = found[:ROWS][::-1]
        has_newer, has_older = len(found) > ROWS, bool(shown)
    else:
        wanted = rows if asked.before is None else rows.filter(asked.before.older)
        found = list(wanted.order_by(*NEWEST_FIRST)[: ROWS + 1])
        shown = found[:ROWS]
        has_newer, has_older = asked.before is not None and bool(shown), len(found) > ROWS
    return Page(
        rows=shown,
        newer=Cursor.of(shown[0]) if has_newer else None,
        older=Cursor.of(shown[-1]) if has_older else None,
    )


def facets_of(rows: QuerySet[UsageRow], page: Page) -> Facets:
    """One query, of ``SAMPLE`` rows at most: counting millions takes longer than a page.

    None where ``page`` has all ``rows``.
    """
    sample: list[tuple[Any, ...]]
    if page.newer or page.older:
        sample = list(rows.order_by(*NEWEST_FIRST).values_list(*COLUMNS)[: SAMPLE + 1])
    else:
        sample = [attrgetter(*COLUMNS)(row) for row in page.rows]
    newest = sample[:SAMPLE]
    states: Counter[State] = Counter()
    for *_, error_code, status, is_gone, duration_ms in newest:
        states[State.LEFT] += is_gone
        states[State.FAILED] += (status >= 400 or bool(error_code)) and not is_gone
        states[State.SLOW] += duration_ms >= SLOW_MS
    users = Counter((name, str(number)) for number, name, *_ in newest)
    fields = {"user_id": users}
    for place, name in enumerate(COUNTED[2:], start=2):
        fields[name] = Counter((row[place], row[place]) for row in newest if row[place])
    return Facets(
        rows=len(newest),
        is_all=len(sample) <= SAMPLE,
        states=states,
        fields={name: _values(counts) for name, counts in fields.items()},
    )


def _values(counts: Counter[tuple[str, str]]) -> list[Value]:
    most = counts.most_common(MOST_VALUES)
    return [Value(name=name, value=value, count=count) for (name, value), count in most]
