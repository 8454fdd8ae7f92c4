"""A page of the list by key, and what the newest rows of a selection have in common."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import QuerySet

from usage.explorer.asked import Asked, Cursor, State
from usage.failing import has_failed
from usage.models import UsageRow
from usage.row_indexes import SLOW_MS

ROWS = 50
SAMPLE = 500
MOST_VALUES = 5
NEWEST_FIRST = ("-accepted_at", "-request_id")
OLDEST_FIRST = ("accepted_at", "request_id")
SHOWN = (
    "request_id",
    "accepted_at",
    "user_id",
    "username",
    "key_id",
    "key_hint",
    "model",
    "connection",
    "status",
    "error_code",
    "is_client_gone",
    "prompt_tokens",
    "completion_tokens",
    "first_byte_ms",
    "duration_ms",
    "cost",
)


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


def first_page(rows: QuerySet[UsageRow]) -> tuple[Page, Facets]:
    """One query, of ``SAMPLE`` rows at most: counting millions takes longer than a page."""
    sample = list(rows.only(*SHOWN).order_by(*NEWEST_FIRST)[: SAMPLE + 1])
    shown = sample[:ROWS]
    older = Cursor.of(shown[-1]) if len(sample) > ROWS else None
    return Page(rows=shown, older=older), _facets(sample)


def page_of(rows: QuerySet[UsageRow], asked: Asked) -> Page:
    """The page at the cursor of ``asked``. One query, of ``ROWS`` rows and one more."""
    rows = rows.only(*SHOWN)
    if asked.before is not None:
        found = list(rows.filter(asked.before.older).order_by(*NEWEST_FIRST)[: ROWS + 1])
        shown = found[:ROWS]
        has_newer, has_older = bool(shown), len(found) > ROWS
    else:
        wanted = rows if asked.after is None else rows.filter(asked.after.newer)
        found = list(wanted.order_by(*OLDEST_FIRST)[: ROWS + 1])
        shown = found[:ROWS][::-1]
        has_newer, has_older = len(found) > ROWS, bool(shown)
    return Page(
        rows=shown,
        newer=Cursor.of(shown[0]) if has_newer else None,
        older=Cursor.of(shown[-1]) if has_older else None,
    )


def _facets(sample: list[UsageRow]) -> Facets:
    newest = sample[:SAMPLE]
    states: Counter[State] = Counter()
    for row in newest:
        states[State.LEFT] += row.is_client_gone
        states[State.FAILED] += has_failed(row) and not row.is_client_gone
        states[State.SLOW] += row.duration_ms >= SLOW_MS
        states[State.UNPRICED] += row.cost is None and row.status < 400
    fields = {"user_id": Counter((row.username, str(row.user_id)) for row in newest)}
    for name in ("model", "connection", "error_code"):
        values = [getattr(row, name) for row in newest]
        fields[name] = Counter((value, value) for value in values if value)
    return Facets(
        rows=len(newest),
        is_all=len(sample) <= SAMPLE,
        states=states,
        fields={name: _values(counts) for name, counts in fields.items()},
    )


def _values(counts: Counter[tuple[str, str]]) -> list[Value]:
    most = counts.most_common(MOST_VALUES)
    return [Value(name=name, value=value, count=count) for (name, value), count in most]
