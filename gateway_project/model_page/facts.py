"""What the rooms of usage and limits know of a model."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from infrastructure.patterns import matches
from limits.choices import SubjectKind
from limits.configuration.descriptions import limit_in_words, subject_in_words
from limits.models import Limit
from usage.admin.charts import cost_of, dollars, whole
from usage.admin.filters import records_since
from usage.charts import HEIGHT, WIDTH, Period, chart
from usage.explorer.asked import State

DAYS = 30
MOST_LIMITS = 20


def usage_of(model_id: str) -> dict[str, Any]:
    """The charts of the last days, and addresses of the requests behind their sums."""
    period = Period.of_last(DAYS, now=datetime.now(UTC))
    lines = period.days_of_model(model_id)
    total = sum(lines[1:], lines[0])
    return {
        "days": DAYS,
        "total": total,
        "cost": cost_of(total),
        "charts": (
            chart("Requests", lines, lambda line: line.requests, whole),
            chart("Failed", lines, lambda line: line.failures, whole),
            chart("Cost", lines, lambda line: float(line.cost), dollars),
        ),
        "width": WIDTH,
        "height": HEIGHT,
        "requests_url": records_since(period.since, model=model_id),
        "failed_url": records_since(period.since, model=model_id, state=State.FAILED),
    }


def limits_on(ids: Collection[str], connection_ids: Collection[int]) -> list[dict[str, Any]]:
    """The limits that count requests of a model with these ids: those that name it first."""
    rows = Limit.objects.filter(is_enabled=True).select_related(
        "group", "user", "key__user", "connection", "connection_key__connection"
    )
    found = [row for row in rows if _holds(row, ids, connection_ids)]
    found.sort(key=lambda row: ("*" in row.model_patterns, row.label))
    return [
        {"row": row, "words": limit_in_words(row), "subject": subject_in_words(row)}
        for row in found[:MOST_LIMITS]
    ]


def _holds(limit: Limit, ids: Collection[str], connection_ids: Collection[int]) -> bool:
    if not any(matches(pattern, each) for pattern in limit.model_patterns for each in ids):
        return False
    match SubjectKind(limit.subject_kind):
        case SubjectKind.CONNECTION:
            return limit.connection_id in connection_ids
        case SubjectKind.CONNECTION_KEY:
            key = limit.connection_key
            return key is not None and key.connection_id in connection_ids
        case _:
            return True
