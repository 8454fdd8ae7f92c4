"""The people, models or groups that cost most in a period: one query, whichever is looked at.

People and groups are named as they are called now. A member of several groups counts in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Count, F, Max, QuerySet, Sum
from django.urls import reverse

from accounts.models import User
from gateway_project.overview.figures import short
from gateway_project.overview.period import Period
from usage.admin.charts import dollars
from usage.admin.filters import records_since
from usage.explorer.names import model_address
from usage.models import UsageHour, UsageRow
from usage.reports import IS_UNPRICED

MOST = 8
BY_COST = "ORDER BY cost DESC, requests DESC, 2"


class By(StrEnum):
    PEOPLE = "people"
    MODELS = "models"
    GROUPS = "groups"


# Inside stands the sum of each user: {0}. The tables' names are ours, as Django has them.
OF_PEOPLE = """
    SELECT sums.user_id, coalesce(present.username, sums.username), sums.requests, sums.cost,
        sums.unpriced, present.id IS NOT NULL
    FROM ({0}) sums LEFT JOIN {user} present ON present.id = sums.user_id {order} LIMIT {most}
"""
OF_GROUPS = """
    SELECT found.id, max(found.name), sum(sums.requests) AS requests, sum(sums.cost) AS cost,
        sum(sums.unpriced), true
    FROM ({0}) sums
    JOIN {membership} membership ON membership.user_id = sums.user_id
    JOIN {group} found ON found.id = membership.group_id
    GROUP BY found.id {order} LIMIT {most}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """``share`` is in per cent of the first one. Addresses are empty where there is no page."""

    name: str
    url: str
    requests: str
    records: str
    cost: str
    share: int


def tops(by: By, period: Period, viewer: Any) -> list[Top]:
    """One query."""
    found = _models(period) if by is By.MODELS else _of_users(by, period)
    weights = [float(row[3] or 0) or float(row[2]) / 1e9 for row in found]
    return [
        _top(by, row, round(100 * weight / max(weights)) if weight else 0, period, viewer)
        for row, weight in zip(found, weights, strict=True)
    ]


def _top(by: By, row: Sequence[Any], share: int, period: Period, viewer: Any) -> Top:
    pk, name, requests, cost, unpriced, is_present = row
    return Top(
        name=str(name) or "no model",
        url=_page(by, pk, viewer) if is_present else "",
        requests=short(int(requests)),
        records=_records(by, pk, period),
        cost=dollars(float(cost)) if cost or not unpriced else "unknown",
        share=share,
    )


def _page(by: By, pk: Any, viewer: Any) -> str:
    if by is By.MODELS:
        return model_address(pk, viewer) if pk else ""
    app, model = ("accounts", "user") if by is By.PEOPLE else ("auth", "group")
    may = viewer.has_perm(f"{app}.view_{model}")
    return reverse(f"admin:{app}_{model}_change", args=[pk]) if may else ""


def _records(by: By, pk: Any, period: Period) -> str:
    if not pk:
        return ""
    field = {By.PEOPLE: "user_id", By.MODELS: "model", By.GROUPS: "group_id"}[by]
    return records_since(period.since, **{field: pk})


def _summed(period: Period, column: str) -> QuerySet[Any, Any]:
    """By ``column``; a name stands beside a user's id."""
    if period.is_of_rows:
        rows: QuerySet[Any] = UsageRow.objects.filter(
            accepted_at__gte=period.since, accepted_at__lt=period.until
        )
        counts: dict[str, Any] = {
            "requests_in_all": Count("pk"),
            "unpriced_in_all": Count("pk", filter=IS_UNPRICED),
        }
    else:
        rows = UsageHour.objects.filter(hour__gte=period.since, hour__lt=period.until)
        counts = {"requests_in_all": Sum("requests"), "unpriced_in_all": Sum("unpriced")}
    named = rows.order_by().values(group=F(column))
    summed: QuerySet[Any, Any] = named.annotate(name=Max("username"), total=Sum("cost"), **counts)
    return summed


def _models(period: Period) -> list[tuple[Any, ...]]:
    found = _summed(period, "model").order_by(
        F("total").desc(nulls_last=True), "-requests_in_all", "group"
    )
    rows = found.values_list("group", "requests_in_all", "total", "unpriced_in_all")[:MOST]
    return [(name, name, requests, cost, unpriced, True) for name, requests, cost, unpriced in rows]


def _of_users(by: By, period: Period) -> list[tuple[Any, ...]]:
    columns = ("group", "name", "requests_in_all", "total", "unpriced_in_all")
    inner, parameters = _summed(period, "user_id").values_list(*columns).query.sql_with_params()
    names = "user_id, username, requests, cost, unpriced"
    inside = f"WITH summed({names}) AS ({inner}) SELECT user_id, username, requests,"
    inside += " coalesce(cost, 0) AS cost, unpriced FROM summed"
    statement = (OF_PEOPLE if by is By.PEOPLE else OF_GROUPS).format(
        inside,
        user=User._meta.db_table,
        group=Group._meta.db_table,
        membership=User.groups.through._meta.db_table,
        order=BY_COST,
        most=MOST,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
