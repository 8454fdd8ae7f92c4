"""The connections with their state, and how many people miss those that fail: one query."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Case, Count, IntegerField, OuterRef, QuerySet, Subquery, When

from connections.health import ConnectionState, state_of
from connections.models import Connection
from resilience.connection_health import with_live
from usage.models import UsageHour

LATELY = timedelta(hours=24)


class Stated(NamedTuple):
    """``people`` used the connection in the last 24 hours: 0 unless its list of models fails."""

    state: ConnectionState
    people: int
    connection: Connection


def stated_connections(*, now: datetime) -> list[Stated]:
    """In their order, as the lists of models and this worker's requests have found them."""
    users = (
        UsageHour.objects.filter(hour__gte=now - LATELY, connection=OuterRef("name"))
        .order_by()
        .values("connection")
        .annotate(people=Count("user_id", distinct=True))
        .values("people")
    )
    rows: QuerySet[Any] = (
        Connection.objects.with_health()
        .by_priority()
        .annotate(
            people=Case(
                When(health__failing_since__isnull=False, then=Subquery(users)),
                default=0,
                output_field=IntegerField(),
            )
        )
    )
    found = list(rows)
    judged = with_live(state_of(row, now=now) for row in found)
    return [
        Stated(state=state, people=row.people or 0, connection=row)
        for row, state in zip(found, judged, strict=True)
    ]
