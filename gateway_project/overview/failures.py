"""The newest failures, with the upstreams' words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from infrastructure.moments import Moment
from usage.admin.request_list import page_address
from usage.attempts import words_of
from usage.explorer.asked import Asked, State
from usage.explorer.listing import NEWEST_FIRST, SHOWN
from usage.explorer.names import PRESENT, Names, names_in
from usage.explorer.outcomes import Tone, label
from usage.models import UsageRow

MOST = 8
LONGEST = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """``word`` is the status, ``code`` what it was for. ``words`` are the upstream's, or empty."""

    at: Moment
    url: str
    word: str
    code: str
    tone: Tone
    names: Names
    user_id: int
    words: str


def newest_failures(request: HttpRequest, since: datetime, *, now: datetime) -> list[Failure]:
    """One query, by the index of failures."""
    asked = Asked(values={}, state=State.FAILED, since=since)
    rows = asked.rows(UsageRow.objects.all()).annotate(**PRESENT)
    newest = rows.only(*SHOWN, "attempt_log").order_by(*NEWEST_FIRST)[:MOST]
    return [_failure(row, request, now) for row in newest]


def _failure(row: UsageRow, request: HttpRequest, now: datetime) -> Failure:
    word, tone = label(row)
    said = next((text for text in reversed(words_of(row.attempt_log or [])) if text), "")
    return Failure(
        at=Moment.of(row.accepted_at, now=now),
        url=page_address(row),
        word=str(row.status) if row.status else word,
        code=row.error_code,
        tone=tone,
        names=names_in(row, request.user),
        user_id=row.user_id,
        words=f"{said[:LONGEST]}…" if len(said) > LONGEST else said,
    )
