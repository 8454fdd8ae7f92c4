"""One's own requests: found, paged, and told without anything of the upstreams' side.

A person sees what a client was told. Connections, addresses and hints of upstream keys are the
operator's: only how many attempts there were, how they ended and how long they took is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from infrastructure.moments import span
from portal.reading.failures import Advice, advice_for
from portal.refusals import NotTheirsError
from proxy.answering.upstream_errors import ABOUT_THE_REQUEST
from usage.attempts import AttemptFacts
from usage.explorer.asked import Asked, Cursor
from usage.explorer.listing import NEWEST_FIRST, ROWS, SHOWN, Page, page_of
from usage.models import UsageRow
from wire_formats.json_types import JsonObject

# What a person may narrow the list by: of other people and connections there is nothing to see.
OWN_PARAMETERS = ("state", "period", "since", "until", "key_id", "model", "error_code")
PLACES = ("before", "after")
LONGEST_ID = 40
FAILED = 400
TOKENS = (
    "prompt_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "audio_prompt_tokens",
    "audio_completion_tokens",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAttempt:
    """``outcome`` is a word such as ``rate limited``; ``status`` is 0 without a response."""

    number: int
    outcome: str
    status: int
    code: str
    took_ms: int
    is_good: bool

    @property
    def took(self) -> str:
        return span(self.took_ms)

    def as_json(self) -> JsonObject:
        return {
            "status": self.status or None,
            "outcome": self.outcome,
            "code": self.code or None,
            "duration_ms": self.took_ms,
        }


def rows_of(user: User) -> QuerySet[UsageRow]:
    """All requests of ``user``. Every look at a request in the portal begins here."""
    return UsageRow.objects.filter(user_id=user.pk)


def asked_of(query: Mapping[str, str], *, now: datetime) -> Asked:
    """The selection of an address. Raises ``BadRequest``."""
    known = {name: query[name] for name in (*OWN_PARAMETERS, *PLACES) if name in query}
    return Asked.read(known, now=now)


def page_of_own(user: User, asked: Asked) -> Page:
    """One query."""
    rows = asked.rows(rows_of(user))
    if asked.before is not None or asked.after is not None:
        return page_of(rows, asked)
    found = list(rows.only(*SHOWN).order_by(*NEWEST_FIRST)[: ROWS + 1])
    shown = found[:ROWS]
    return Page(rows=shown, older=Cursor.of(shown[-1]) if len(found) > ROWS else None)


def request_of(user: User, request_id: str) -> UsageRow:
    """Raises :class:`NotTheirsError`."""
    is_an_id = len(request_id) <= LONGEST_ID and "\0" not in request_id
    row = rows_of(user).filter(pk=request_id).select_related("price").first() if is_an_id else None
    if row is None:
        raise NotTheirsError("You have no such request.")
    return row


def attempts_of(row: UsageRow) -> list[OwnAttempt]:
    log: list[AttemptFacts] = row.attempt_log or []
    return [
        OwnAttempt(
            number=number,
            outcome=str(each.get("outcome") or "").replace("_", " ") or "unknown",
            status=_number(each.get("status")),
            code=str(each.get("code") or ""),
            took_ms=_number(each.get("ms")),
            is_good=each.get("outcome") == "success",
        )
        for number, each in enumerate(log, start=1)
    ]


def has_failed(row: UsageRow) -> bool:
    return not row.status or row.status >= FAILED or bool(row.error_code)


def verdict(row: UsageRow) -> str:
    """How it went, in a sentence."""
    took = span(row.duration_ms)
    if row.is_client_gone:
        return f"Your client left after {took}."
    if not has_failed(row):
        tries = f" after {row.attempts} attempts" if row.attempts > 1 else ""
        return f"Answered in {took}{tries}."
    code = f"{row.status or ''} {row.error_code}".strip()
    if 0 < row.status < FAILED:
        return f"The response broke off after {took}: {row.error_code}."
    if not row.attempts:
        return f"Refused by the gateway with {code}: no upstream was asked."
    return f"Failed with {code} after {took}."


def advice_of(row: UsageRow) -> Advice | None:
    if row.is_client_gone or not has_failed(row):
        return None
    return advice_for(row.status, row.error_code)


def words_of(row: UsageRow) -> str:
    """The upstream's words, where they are about the request and so were told to its client."""
    log: list[AttemptFacts] = row.attempt_log or []
    last = log[-1] if log else None
    if last is None or _number(last.get("status")) not in ABOUT_THE_REQUEST:
        return ""
    return str(last.get("error_text") or "") if row.status in ABOUT_THE_REQUEST else ""


def as_json(row: UsageRow, *, is_whole: bool = False) -> JsonObject:
    """With its attempts where it ``is_whole``. What is not known is null."""
    told: JsonObject = {
        "id": row.request_id,
        "object": "request",
        "created_at": int(row.accepted_at.timestamp()),
        "model": row.model,
        "endpoint": row.endpoint,
        "is_streamed": row.is_streamed,
        "status": row.status,
        "error_code": row.error_code or None,
        "is_client_gone": row.is_client_gone,
        "key": {"id": str(row.key_id), "hint": row.key_hint},
        "usage": {name: getattr(row, name) for name in TOKENS} if is_whole else _tokens(row),
        "first_byte_ms": row.first_byte_ms,
        "duration_ms": row.duration_ms,
        "cost_usd": None if row.cost is None else f"{row.cost.normalize():f}",
    }
    if is_whole:
        advice = advice_of(row)
        told |= {
            "verdict": verdict(row),
            "advice": advice.advice if advice else None,
            "client_request_id": row.client_request_id or None,
            "attempts": [attempt.as_json() for attempt in attempts_of(row)],
        }
    return told


def _tokens(row: UsageRow) -> JsonObject:
    return {name: getattr(row, name) for name in ("prompt_tokens", "completion_tokens")}


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 0
