"""The first page: for strangers what this is, for people what they need to call a model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.public_url import base_url
from accounts.snippets import snippets
from models_registry.snapshot import View
from portal.groups import invitations_for
from portal.keys import keys_of, working
from portal.page import Section, caller_in, page, page_of_person, person_of
from portal.reading.failures import failures_of
from portal.reading.models import described, view_of
from portal.reading.own_limits import limits_of
from portal.reading.own_usage import USUAL_DAYS, Usage, usage_of
from portal.standing import standing_in
from usage.charts import HEIGHT, WIDTH, chart

FIRST_MODELS = 6
MOST_KEYS = 100
MOST_LIMITS = 4


@require_safe
def start(request: HttpRequest) -> HttpResponseBase:
    if not request.user.is_authenticated:
        return page(request, "welcome.html", Section.START, {"base_url": base_url(request)})
    return _start_of_person(request)


@page_of_person
def _start_of_person(request: HttpRequest) -> HttpResponse:
    user, caller, now = person_of(request), caller_in(request), datetime.now(UTC)
    keys = working(list(keys_of(user)[:MOST_KEYS]))
    view = view_of(caller)
    listed = [] if view is None else view.listed()
    usage = usage_of([user.pk], USUAL_DAYS, now=now)
    limits = sorted(limits_of(caller, keys), key=lambda limit: -(limit.used_percent or 0))
    is_invited = bool(standing_in(request, user).invited)
    context = {
        "base_url": base_url(request),
        "key": keys[0] if keys else None,
        "other_keys": max(len(keys) - 1, 0),
        "is_ready": view is not None,
        "number_of_models": len(listed),
        "models": _first(view, [model_id for model_id, _ in listed[:FIRST_MODELS]]),
        "snippets": snippets("", base_url(request), model_for_snippets(view)),
        "usage": usage,
        "chart": requests_by_day(usage),
        "failures": failures_of(user.pk, usage.period.since) if usage.total.failed else [],
        "limits": limits[:MOST_LIMITS],
        "number_of_limits": len(limits),
        "invitations": invitations_for(user) if is_invited else [],
    }
    return page(request, "start.html", Section.START, context)


def model_for_snippets(view: View | None) -> str:
    """The first model of one's own that chats: the examples work as they are pasted."""
    listed = [] if view is None else view.for_chat().listed()
    return listed[0][0] if listed else ""


def requests_by_day(usage: Usage) -> dict[str, Any]:
    drawn = chart(
        "Requests", usage.by_day, lambda line: line.requests, lambda value: f"{value:,.0f}"
    )
    return {"drawn": drawn, "width": WIDTH, "height": HEIGHT}


def _first(view: View | None, model_ids: list[str]) -> list[Any]:
    return [] if view is None else described(view, model_ids)
