"""Rows of limits, as tests need them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from limits.choices import Metric, Share, SubjectKind, Window
from limits.models import Limit, Period
from limits.rule import UTC
from limits.windows import span_of

NOON = 1_790_000_000.0  # 2026-09-21, 14:13 UTC


def make_limit(label: str = "interns", **fields: Any) -> Limit:
    """Ten dollars a day for each user, unless ``fields`` say otherwise."""
    usual: dict[str, Any] = {
        "subject_kind": SubjectKind.EVERYONE,
        "share": Share.EACH_USER,
        "metric": Metric.USD,
        "amount": Decimal(10),
        "window": Window.DAY,
    }
    return Limit.objects.create(label=label, **usual | fields)


def make_period(limit: Limit, share: str = "u1", at: float = NOON, **counts: int) -> Period:
    """What ``share`` has used in the window of ``at``."""
    span = span_of(Window(limit.window), UTC, at)
    return Period.objects.create(limit=limit, share=share, start=span.start, end=span.end, **counts)
