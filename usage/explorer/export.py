"""The rows of a selection as CSV, piece by piece: no selection is too large."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from usage.csv_cells import inert
from usage.explorer.asked import Cursor
from usage.explorer.listing import NEWEST_FIRST
from usage.models import UsageRow

ROWS_AT_ONCE = 500
LEFT_OUT = {"attempt_log", "limit_marks", "price"}
COLUMNS = tuple(
    field.attname for field in UsageRow._meta.concrete_fields if field.name not in LEFT_OUT
)


def csv_response(request: HttpRequest, rows: QuerySet[UsageRow]) -> StreamingHttpResponse:
    """The newest first. Times are in ISO 8601 and UTC; what is not known is empty."""
    pieces = _pieces(rows)
    content = _awaited(pieces) if isinstance(request, ASGIRequest) else pieces
    return StreamingHttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="requests.csv"'},
    )


def _pieces(rows: QuerySet[UsageRow]) -> Iterator[str]:
    """By keys, so that no transaction lasts as long as the client reads."""
    yield _lines([COLUMNS])
    wanted = rows.only(*COLUMNS).order_by(*NEWEST_FIRST)
    found = list(wanted[:ROWS_AT_ONCE])
    last = None
    while found and found[-1].pk != last:  # SQLite compares times as text, of any form
        yield _lines([[_cell(getattr(row, name)) for name in COLUMNS] for row in found])
        last = found[-1].pk
        found = list(wanted.filter(Cursor.of(found[-1]).older)[:ROWS_AT_ONCE])


async def _awaited(pieces: Iterator[str]) -> AsyncIterator[str]:
    while piece := await sync_to_async(lambda: next(pieces, ""))():
        yield piece


def _lines(lines: Any) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(lines)
    return written.getvalue()


def _cell(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return "" if value is None else inert(value)
