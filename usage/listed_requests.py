"""Recorded requests as the command line shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.management.tables import shortened
from usage.attempts import attempt_lines
from usage.failing import IS_FAILED
from usage.models import UsageRow
from usage.periods import in_words

HEADS = ("time", "status", "took", "tokens", "cost", "user", "model", "request id")
FIGURES = (1, 2, 3, 4)
LONGEST_NAME = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which requests: since when, and of whom. ``model`` is an id or a pattern with ``*``."""

    since: datetime
    is_failed: bool = False
    model: str = ""
    username: str = ""

    def rows(self) -> QuerySet[UsageRow]:
        """The newest first."""
        rows = UsageRow.objects.filter(accepted_at__gte=self.since).order_by("-request_id")
        if self.is_failed:
            rows = rows.filter(IS_FAILED)
        if self.username:
            rows = rows.filter(username=self.username)
        if "*" in self.model:
            pattern = ".*".join(map(re.escape, self.model.split("*")))
            return rows.filter(model__regex=f"^{pattern}$")
        return rows.filter(model=self.model) if self.model else rows


def find(text: str) -> list[UsageRow]:
    """The request with this id, ours or the client's, or those whose id begins so."""
    exact = list(UsageRow.objects.filter(pk=text))
    of_client = UsageRow.objects.filter(client_request_id=text)
    return exact or list(of_client[:2]) or list(UsageRow.objects.filter(pk__startswith=text)[:2])


def cells(row: UsageRow, *, is_short: bool) -> tuple[str, ...]:
    """The cells of ``HEADS``. Names are shortened where the line has to fit a terminal."""
    names = [row.username, row.model]
    if is_short:
        names = [shortened(name, LONGEST_NAME) for name in names]
    tokens = "–" if row.prompt_tokens is None else f"{row.prompt_tokens:,}"
    attempts = f" in {row.attempts} attempts" if row.attempts > 1 else ""
    answered = "–" if row.completion_tokens is None else f"{row.completion_tokens:,}"
    return (
        f"{in_words(row.accepted_at)}:{row.accepted_at:%S}",
        f"{row.status} {row.error_code}".strip(),
        f"{row.duration_ms:,} ms{attempts}",
        f"{tokens} + {answered}",
        cost_of(row),
        *names,
        row.request_id,
    )


def cost_of(row: UsageRow) -> str:
    if row.cost is None:
        return "unknown" if row.status < 400 else "–"
    return f"${row.cost:.4f}"


def verdict(row: UsageRow) -> str:
    """How it went, in a sentence."""
    if row.is_client_gone:
        return f"The client left after {row.duration_ms:,} ms."
    if row.status >= 400:
        return f"It failed with {row.status} {row.error_code} after {row.duration_ms:,} ms."
    if row.error_code:
        return f"It broke off with {row.error_code} after {row.duration_ms:,} ms."
    return f"It was answered in {row.duration_ms:,} ms."


def facts(row: UsageRow) -> dict[str, Any]:
    """Every column as JSON has it: texts, numbers, times in ISO 8601; None where not known.

    ``attempt_log`` is empty where the first attempt succeeded; otherwise it tells each attempt in
    words, too. ``limit_marks`` is empty where no limit of the calendar matched.
    """
    log = row.attempt_log or []
    told = zip(log, attempt_lines(log), strict=True)
    found = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return found | {
        "accepted_at": row.accepted_at.isoformat(),
        "key_id": str(row.key_id),
        "cost": None if row.cost is None else f"{row.cost.normalize():f}",
        "attempt_log": [attempt | {"in_words": line} for attempt, line in told],
        "limit_marks": row.limit_marks or [],
    }
