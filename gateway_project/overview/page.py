"""The context of the admin's first page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from gateway_project.overview import attention
from gateway_project.overview.checklist import checklist
from gateway_project.overview.connections_panel import connection_rows
from gateway_project.overview.facts import Facts
from gateway_project.overview.failures import newest_failures
from gateway_project.overview.figures import figures_of
from gateway_project.overview.period import CHOICES, USUAL, Period
from gateway_project.overview.requests_chart import requests_chart
from gateway_project.overview.state_line import state_line
from gateway_project.overview.states import Stated, stated_connections
from gateway_project.overview.tops import By, tops
from gateway_project.overview.traffic import Traffic, traffic_of
from usage.charts import HEIGHT, SMALL_HEIGHT, SMALL_WIDTH, WIDTH

USAGE = "usage.view_usagerow"
CONNECTIONS = "connections.view_connection"
Link = tuple[str, str, bool]  # a title, an address, whether it is chosen


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """``?period=`` is one of ``CHOICES``, ``?top=`` one of ``By``; anything else is the usual.

    The theme calls it with the admin's own context, which is returned with more in it.
    """
    now = datetime.now(UTC)
    viewer = request.user
    period = Period.of(request.GET.get("period", USUAL), now=now)
    facts = Facts.of(viewer, now=now)
    has_usage = viewer.has_perm(USAGE) and facts.has_request
    traffic = traffic_of(period, now=now) if has_usage else None
    states = stated_connections(now=now) if viewer.has_perm(CONNECTIONS) else None
    return context | {
        "title": "Overview",
        "state_line": state_line(now=now),
        "periods": _periods(period, request),
        "notices": list(_notices(request, facts, states, traffic, period)),
        "steps": checklist(facts, viewer),
        "connections": None if states is None else connection_rows(states, traffic, viewer),
        "has_usage": has_usage,
        "width": WIDTH,
        "height": HEIGHT,
        "small_width": SMALL_WIDTH,
        "small_height": SMALL_HEIGHT,
        **(_usage(request, traffic, period, now) if traffic else {}),
    }


def _usage(request: HttpRequest, traffic: Traffic, period: Period, now: datetime) -> dict[str, Any]:
    choices = _choices(request.user)
    by = _by(request, choices)
    return {
        "figures": figures_of(traffic, period),
        "chart": requests_chart(traffic, period),
        "failures": newest_failures(request, period.since, now=now),
        "tops": tops(by, period, request.user),
        "top_choices": [
            (each.title(), _address(request, top=each), each is by) for each in choices
        ],
    }


def _notices(
    request: HttpRequest,
    facts: Facts,
    states: list[Stated] | None,
    traffic: Traffic | None,
    period: Period,
) -> Iterator[attention.Notice]:
    """The gravest first, and only what the viewer may see."""
    viewer = request.user
    if states is not None:
        yield from attention.of_connections(states, request, has_usage=traffic is not None)
    if viewer.has_perm("resilience.view_route"):
        yield from attention.of_routes()
    if viewer.has_perm("limits.view_limit"):
        yield from attention.of_limits(viewer)
    if viewer.has_perm("accounts.view_apikey"):
        yield from attention.of_keys(facts)
    if traffic is not None:
        yield from attention.of_prices(traffic, period, viewer)
    if viewer.is_superuser:
        yield from attention.of_settings(facts, viewer)


def _periods(period: Period, request: HttpRequest) -> list[Link]:
    return [
        (choice.title, _address(request, period=name), name == period.name)
        for name, choice in CHOICES.items()
    ]


def _choices(viewer: Any) -> list[By]:
    return [by for by in By if by is not By.GROUPS or viewer.has_perm("auth.view_group")]


def _by(request: HttpRequest, choices: list[By]) -> By:
    asked = request.GET.get("top", "")
    return next((by for by in choices if by == asked), By.PEOPLE)


def _address(request: HttpRequest, **changes: str) -> str:
    kept = {name: request.GET[name] for name in ("period", "top") if name in request.GET}
    return f"?{urlencode(kept | changes)}"
