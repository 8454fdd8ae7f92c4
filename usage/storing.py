"""Records into the database, in batches, each request once however often it is stored."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter, gt, itemgetter
from typing import Any

import orjson
from django.db import DataError, IntegrityError, connection, models, transaction

from usage import hours
from usage.charges import charge
from usage.companions import Stored, companions
from usage.estimation import counted
from usage.models import UsageRow
from usage.pricing import Pricing
from usage.record import UsageRecord
from usage.sqlite_values import cost_text, key_text, moment_text

logger = logging.getLogger(__name__)

LARGEST: dict[type, int] = {
    models.PositiveBigIntegerField: 2**63 - 1,
    models.BigIntegerField: 2**63 - 1,
    models.PositiveIntegerField: 2**31 - 1,
    models.PositiveSmallIntegerField: 2**15 - 1,
}
LOGS = ("attempt_log", "limit_marks")
DERIVED = ("accepted_at", "tokens_from", "cost", "price_id", *LOGS, "limit_requests", "is_in_hours")
TAKEN = [field for field in UsageRow._meta.concrete_fields if field.attname not in DERIVED]
TEXTS = {f.attname: f.max_length or 0 for f in TAKEN if isinstance(f, models.CharField)}
LONGEST = tuple(TEXTS.values())
NUMBERS = {f.attname: LARGEST[type(f)] for f in TAKEN if type(f) in LARGEST}
OTHERS = [f.attname for f in TAKEN if f.attname not in TEXTS and f.attname not in NUMBERS]
NAMES = [*TEXTS, *NUMBERS, *OTHERS, *DERIVED]
COLUMNS = ", ".join(NAMES)
KEY_ID, ACCEPTED_AT, COST = map(NAMES.index, ("key_id", "accepted_at", "cost"))
PLACES = ", ".join(["%s"] * len(NAMES))

counted_of = itemgetter(*map(NAMES.index, hours.TAKEN))
texts_of, numbers_of, others_of = attrgetter(*TEXTS), attrgetter(*NUMBERS), attrgetter(*OTHERS)

ID = NAMES.index("request_id")  # among the texts as well, which come first
MOST_PLACES = 900  # of a statement, for SQLite

Row = tuple[Any, ...]
Wanted = dict[str, Stored]  # by request id, as the rows have it
# A line of the journal may be JSON and yet hold values that no version writes.
UNFORESEEN = (TypeError, ValueError, ArithmeticError, AttributeError)


def store(records: Sequence[UsageRecord]) -> None:
    """Insert the records that are not there yet. Raises ``django.db.OperationalError``.

    One that makes no row, or that the database refuses for what is in it, is logged and left out:
    it would hold up all that come after.
    """
    pricing, wanted = Pricing.load(), Wanted()
    try:
        rows = [row_of(record, pricing, wanted) for record in records]
    except UNFORESEEN:
        rows = list(_rows_that_can_be_made(records, pricing, wanted))
    rows.sort(key=itemgetter(ID))  # or two flushers with the same records may lock each other out
    _insert(rows, wanted)


def row_of(record: UsageRecord, pricing: Pricing, wanted: Wanted) -> Row:
    """The values of ``NAMES``, made to fit: texts and numbers come from clients and upstreams.

    A record that a companion wants is noted in ``wanted``.
    """
    record, tokens_from = counted(record.believed())
    charged = charge(record, pricing)
    texts = texts_of(record)
    if any(map(gt, map(len, texts), LONGEST)) or "\0" in "".join(texts):
        texts = tuple(map(_cut, texts, LONGEST))
    if companions.are_interested(record):
        wanted.setdefault(texts[ID], Stored(record, charged.cost))
    numbers = zip(numbers_of(record), NUMBERS.values(), strict=True)
    return (
        *texts,
        *[value if value is None or value <= most else most for value, most in numbers],
        *others_of(record),
        datetime.fromtimestamp(record.accepted_at, UTC),
        tokens_from.value,
        charged.cost,
        None if charged.price is None else charged.price.pk,
        orjson.dumps(charged.log).decode() if charged.log else None,
        _marks_text(record.limit_marks) if record.limit_marks else None,
        min(record.requests, LARGEST[models.PositiveIntegerField]),
        True,
    )


def _marks_text(marks: Any) -> str:
    """Many requests have the same; a line of a journal may hold anything."""
    if isinstance(marks, list) and all(type(mark) is str for mark in marks):
        return _joined(tuple(marks))
    return orjson.dumps(marks).decode()


@lru_cache(maxsize=4096)
def _joined(marks: tuple[str, ...]) -> str:
    return orjson.dumps(marks).decode()


def _rows_that_can_be_made(
    records: Iterable[UsageRecord], pricing: Pricing, wanted: Wanted
) -> Iterator[Row]:
    for record in records:
        try:
            yield row_of(record, pricing, wanted)
        except UNFORESEEN as exc:
            logger.error("a usage record makes no row: %s", exc, extra={"record": record})  # noqa: TRY400 - the record matters, not the trace


def _cut(text: str, most: int) -> str:
    return text.replace("\0", "")[:most]


def _insert(rows: list[Row], wanted: Wanted) -> None:
    try:
        with transaction.atomic():
            insert = _copy if connection.vendor == "postgresql" else _insert_each
            new = insert(rows)
            hours.add(map(counted_of, new))
            if wanted:
                _tell(rows, {row[ID] for row in new}, wanted)
    except (DataError, IntegrityError, OverflowError) as exc:
        if len(rows) == 1:
            logger.error("a usage record cannot be stored: %s", exc, extra={"row": rows[0]})  # noqa: TRY400 - the record matters, not the trace
            return
        half = len(rows) // 2
        _insert(rows[:half], wanted)
        _insert(rows[half:], wanted)


def _tell(rows: list[Row], new: set[str], wanted: Wanted) -> None:
    here = {name: wanted[name] for row in rows if (name := row[ID]) in wanted}
    if len(new) == len(rows):  # nearly always
        companions.add(list(here.values()), [])
        return
    companions.add(
        [one for name, one in here.items() if name in new],
        [one for name, one in here.items() if name not in new],
    )


def _insert_each(rows: list[Row]) -> list[Row]:
    """One prepared statement, run over and over: a third of what ``bulk_create`` takes.

    Returns the rows that are new. Which these are is asked only where some were there before.
    """
    with transaction.atomic():
        if _execute_each(rows) == len(rows):
            return rows
        transaction.set_rollback(True)
    known = _known([row[ID] for row in rows])
    new = [row for name, row in _once(rows).items() if name not in known]
    _execute_each(new)
    return new


def _execute_each(rows: list[Row]) -> int:
    """How many were inserted."""
    prepared = []
    for row in rows:
        values = list(row)
        values[KEY_ID] = key_text(values[KEY_ID])
        values[ACCEPTED_AT] = moment_text(values[ACCEPTED_AT])
        values[COST] = cost_text(values[COST])
        prepared.append(values)
    if not prepared:
        return 0
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO usage_usagerow ({COLUMNS}) VALUES ({PLACES}) "  # noqa: S608 - the names are ours
            "ON CONFLICT (request_id) DO NOTHING",
            prepared,
        )
        return int(cursor.rowcount)


def _once(rows: list[Row]) -> dict[str, Row]:
    """The first row of each request, in the order of ``rows``."""
    once: dict[str, Row] = {}
    for row in rows:
        once.setdefault(row[ID], row)
    return once


def _known(request_ids: Sequence[str]) -> set[str]:
    """Those that have a row. SQLite writes one transaction after the other: none comes between."""
    found: set[str] = set()
    for start in range(0, len(request_ids), MOST_PLACES):
        some = UsageRow.objects.filter(pk__in=request_ids[start : start + MOST_PLACES])
        found.update(some.values_list("pk", flat=True))
    return found


def _copy(rows: list[Row]) -> list[Row]:
    """Straight into the table, which takes half as long; a row that is there already stops it.

    Returns the rows that are new.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            _copy_into("usage_usagerow", rows, cursor)
    except IntegrityError:
        once = _once(rows)
        new = _copy_around_conflicts(once.values())
        return [row for name, row in once.items() if name in new]
    return rows


def _copy_around_conflicts(rows: Iterable[Row]) -> set[str]:
    """COPY knows no conflicts, so that the rows go through a table of this transaction's own.

    One that stayed in the session would meet other workers behind a pooler, and later versions
    with other columns. Returns the ids of the rows that are new.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS usage_incoming "
            "(LIKE usage_usagerow) ON COMMIT DROP"
        )
        cursor.execute("DELETE FROM usage_incoming")  # of an earlier batch of this transaction
        _copy_into("usage_incoming", rows, cursor)
        cursor.execute(
            f"INSERT INTO usage_usagerow ({COLUMNS}) SELECT {COLUMNS} FROM usage_incoming "  # noqa: S608 - the names are ours
            "ON CONFLICT (request_id) DO NOTHING RETURNING request_id"
        )
        return {request_id for (request_id,) in cursor.fetchall()}


def _copy_into(table: str, rows: Iterable[Row], cursor: Any) -> None:
    statement = f"COPY {table} ({COLUMNS}) FROM STDIN"
    with connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
