"""Rows that tests of limits begin with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from limits.models import Limit, Period
from limits.rule import UTC
from limits.windows import Window, span_of


def make_limit(label: str = "all", **columns: Any) -> Limit:
    """20 requests a day for everyone together, unless ``columns`` say otherwise."""
    plain = {"subject_kind": "everyone", "metric": "requests", "amount": 20, "window": "day"}
    given = plain | columns
    given["amount"] = Decimal(str(given["amount"]))
    limit = Limit(label=label, **given)
    limit.full_clean()
    limit.save()
    return limit


def add_period(limit: Limit, at: float, share: str = "", **used: int) -> Period:
    """What was used of ``limit`` in the window (in UTC) that ``at`` is in."""
    span = span_of(Window(limit.window), UTC, at)
    return Period.objects.create(
        limit=limit, share=share, start=span.start, end=span.end, records=1, **used
    )
