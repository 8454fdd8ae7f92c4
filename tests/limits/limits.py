"""Limits in the database, made of nothing but what a test cares about."""

from __future__ import annotations

from itertools import count
from typing import Any

from limits.models import Limit, Period
from limits.quantities import Quantities

numbers = count(1)


def a_limit(**fields: Any) -> Limit:
    """A hundred dollars a month for everyone together."""
    usual = {
        "label": f"limit {next(numbers)}",
        "subject_kind": "everyone",
        "metric": "usd",
        "amount": 100,
        "window": "month",
    }
    return Limit.objects.create(**(usual | fields))


def used_of(limit: Limit, share: str = "") -> dict[int, Quantities]:
    """What the periods of a limit hold, by their starts."""
    return {
        period.start: period.quantities
        for period in Period.objects.filter(limit=limit, share=share)
    }
