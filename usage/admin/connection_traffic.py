"""The tab "Traffic" of a connection: 30 days, and the newest failures with their words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from connections.admin.tabs import tab_context
from infrastructure.moments import Moment
from usage.admin.charts import whole
from usage.admin.filters import records_since
from usage.admin.request_list import page_address
from usage.charts import HEIGHT, WIDTH, chart
from usage.connection_traffic import Count, Traffic, newest_failures, traffic_of
from usage.explorer.asked import State
from usage.explorer.outcomes import label, outcome
from usage.models import UsageRow
from usage.reports import Line

PERMISSION = "usage.view_usagerow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """``words`` tell how the request went, in the upstream's words where there are any."""

    request_id: str
    url: str
    at: Moment
    word: str
    words: str
    model: str
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    name: str
    url: str
    requests: str
    failed: str


@require_safe
def connection_traffic_page(request: HttpRequest, connection_id: int) -> HttpResponse:
    """For people who may see connections; figures need ``PERMISSION``. Wrap in ``admin_view``."""
    context = tab_context(request, connection_id, "traffic")
    may_see = request.user.has_perm(PERMISSION)
    context |= {"may_see_usage": may_see, "width": WIDTH, "height": HEIGHT}
    if may_see:
        context |= _figures(context["connection"].name)
    return TemplateResponse(request, "admin/connections/connection/traffic.html", context)


def _figures(name: str) -> dict[str, object]:
    now = datetime.now(UTC)
    traffic = traffic_of(name, now=now)
    return {
        "traffic": traffic,
        "requests_url": records_since(traffic.since, connection=name),
        "failed_url": records_since(traffic.since, connection=name, state=State.FAILED),
        "charts": _charts(traffic),
        "tops": [
            ("Models", [_top(each, name, traffic, model=each.name) for each in traffic.models]),
            (
                "People",
                [_top(each, name, traffic, user_id=each.user_id) for each in traffic.people],
            ),
        ],
        "failures": [_failure(row, now) for row in newest_failures(name)],
    }


def _charts(traffic: Traffic) -> tuple[object, ...]:
    lines = [Line(group=day.name, requests=day.requests, failed=day.failed) for day in traffic.days]
    return (
        chart("Requests", lines, lambda line: line.requests, whole),
        chart("Failed", lines, lambda line: line.failed, whole),
    )


def _top(count: Count, connection: str, traffic: Traffic, **fields: object) -> Top:
    return Top(
        name=count.name,
        url=records_since(traffic.since, connection=connection, **fields),
        requests=whole(count.requests),
        failed=whole(count.failed),
    )


def _failure(row: UsageRow, now: datetime) -> Failure:
    return Failure(
        request_id=row.request_id,
        url=page_address(row),
        at=Moment.of(row.accepted_at, now=now),
        word=label(row)[0],
        words=outcome(row).sentence,
        model=row.model,
        username=row.username,
    )
