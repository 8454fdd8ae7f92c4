"""The admin's page of what was used by day, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from usage.admin.filters import records_of_day, records_since
from usage.charts import HEIGHT, WIDTH, Period, chart
from usage.reports import By, Line

PERIODS = {7: "7 days", 30: "30 days", 90: "90 days", 365: "A year"}
SHORTEST = min(PERIODS)
MOST_LINES = 10
# The name of a group's filter in the list of records.
FILTERS = {
    By.USER: "user_id",
    By.MODEL: "model",
    By.CONNECTION: "connection",
}
# The sums that the page tells; a database takes half as long without the others.
FIGURES = (
    "requests",
    "failed",
    "prompt_tokens",
    "completion_tokens",
    "cost",
    "unpriced",
    "estimated",
)
TITLES = {By.USER: "Users", By.MODEL: "Models", By.CONNECTION: "Connections"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line as the page says it. ``records`` is the address of what it sums up, or empty."""

    name: str
    requests: str
    failed: str
    tokens: str
    cost: str
    records: str = ""

    @classmethod
    def of(cls, line: Line, records: str = "") -> Row:
        return cls(
            name=line.group,
            requests=whole(line.requests),
            failed=whole(line.failed),
            tokens=whole(line.tokens),
            cost=cost_of(line),
            records=records,
        )


@require_safe
def usage_page(request: HttpRequest) -> HttpResponse:
    """``?days=`` is one of ``PERIODS``. For who may see usage records; wrap in ``admin_view``."""
    if not request.user.has_perm("usage.view_usagerow"):
        raise PermissionDenied
    days = chosen_days(request.GET.get("days", ""))
    period = Period.of_last(days, now=datetime.now(UTC))
    lines, reports = period.by_day_and(FILTERS, FIGURES)
    context = admin.site.each_context(request) | {
        "title": "Usage",
        "zone": settings.TIME_ZONE,
        "periods": [(number, text, number == days) for number, text in PERIODS.items()],
        "is_empty": not any(line.requests for line in lines),
        "unpriced": sum(line.unpriced for line in lines),
        "days": [Row.of(line, _records_of_day(line)) for line in reversed(lines)],
        "charts": (
            chart("Requests", lines, lambda line: line.requests, whole),
            chart("Tokens", lines, lambda line: line.tokens, whole),
            chart("Cost", lines, lambda line: float(line.cost), dollars),
        ),
        "tops": [(TITLES[by], top(period, by, lines)) for by, lines in reports.items()],
        "width": WIDTH,
        "height": HEIGHT,
    }
    return TemplateResponse(request, "admin/usage_charts.html", context)


def chosen_days(text: str) -> int:
    """The period that is asked for, or the shortest."""
    return next((days for days in PERIODS if str(days) == text), SHORTEST)


def top(period: Period, by: By, lines: Sequence[Line]) -> list[Row]:
    """The rows of a table; requests that no connection took have none to name."""
    return [Row.of(line, _records(period, by, line)) for line in lines[:MOST_LINES]]


def _records(period: Period, by: By, line: Line) -> str:
    """The address of the records that ``line`` sums up; the period ends today, as they do."""
    value = line.user_id if by is By.USER else line.group
    return records_since(period.since, **{FILTERS[by]: value}) if value else ""


def _records_of_day(line: Line) -> str:
    return records_of_day(date.fromisoformat(line.group)) if line.requests else ""


def cost_of(line: Line) -> str:
    """An unknown cost is not zero."""
    if line.is_cost_unknown:
        return "unknown"
    return ("~" if line.estimated else "") + dollars(float(line.cost))


def whole(value: float) -> str:
    return f"{value:,.0f}"


def dollars(value: float) -> str:
    """Cents where they say something, and more places for what is less than one."""
    return f"${value:,.2f}" if value >= 1 or not value else f"${value:.4f}"
