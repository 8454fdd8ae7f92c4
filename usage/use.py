"""What keys, users and the members of groups have used in the last 30 days, for lists of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from usage.hours import hour_of
from usage.models import UsageHour

DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """``cost`` is in US dollars, without the ``unpriced`` requests."""

    requests: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0

    @property
    def is_cost_unknown(self) -> bool:
        return bool(self.unpriced and not self.cost)


NOTHING = Use()


def use_since() -> datetime:
    """When the time begins that lists sum up: at a full hour of the gateway, as totals do."""
    return hour_of(timezone.now()) - timedelta(days=DAYS)


def use_of_keys(keys: Collection[tuple[UUID, int]]) -> dict[UUID, Use]:
    """By the ids of keys; ``keys`` are their ids and those of their users. One query.

    Keys that were not used are left out.
    """
    ids = [key_id for key_id, _ in keys]
    users = {user_id for _, user_id in keys}  # the index of the totals begins with them
    rows = UsageHour.objects.filter(user_id__in=users, key_id__in=ids, hour__gte=use_since())
    return _summed(rows, "key_id")


def use_of_users(user_ids: Collection[int]) -> dict[int, Use]:
    """By the ids of users, one query; users who used nothing are left out."""
    rows = UsageHour.objects.filter(user_id__in=user_ids, hour__gte=use_since())
    return _summed(rows, "user_id")


def _summed(rows: Any, column: str) -> dict[Any, Use]:
    sums = {name: Sum(name) for name in ("requests", "cost", "unpriced")}
    found = rows.order_by().values(column).annotate(**{f"all_{n}": s for n, s in sums.items()})
    return {
        row[column]: Use(
            requests=row["all_requests"], cost=row["all_cost"], unpriced=row["all_unpriced"]
        )
        for row in found
    }
