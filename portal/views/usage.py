"""The pages of what one used: figures, failures, single requests, limits."""

from __future__ import annotations

import csv
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.keys import keys_of, working
from portal.page import Section, caller_in, page, page_of_person, person_of
from portal.reading import requests as own_requests
from portal.reading.failures import failures_of
from portal.reading.own_limits import limits_of
from portal.reading.own_usage import PERIODS, days_asked, details_of, usage_of
from portal.views.start import requests_by_day
from usage.csv_cells import inert
from usage.explorer.asked import PERIODS as LIST_PERIODS
from usage.explorer.asked import STATES, Asked
from usage.explorer.outcomes import Tone, label
from usage.models import UsageRow

COLUMNS = (
    *("day", "model", "key", "requests", "failed"),
    *("input_tokens", "output_tokens", "cost_usd", "requests_without_price"),
)
TONES = {Tone.GOOD: "good", Tone.WARNING: "warn", Tone.DANGER: "bad"}


@require_safe
@page_of_person
def usage(request: HttpRequest) -> HttpResponse:
    user, days = person_of(request), days_asked(request.GET.get("days", ""))
    used = usage_of([user.pk], days, now=datetime.now(UTC))
    context = {
        "days": days,
        "periods": PERIODS,
        "usage": used,
        "since": used.period.since.isoformat(),
        "by_key": [(line, used.key_ids[line.group]) for line in used.by_key],
        "by_day": [line for line in reversed(used.by_day) if line.requests],
        "chart": requests_by_day(used),
        "failures": failures_of(user.pk, used.period.since) if used.total.failed else [],
    }
    return page(request, "usage.html", Section.USAGE, context)


@require_safe
@page_of_person
def usage_csv(request: HttpRequest) -> HttpResponse:
    """A line for each day, model and key. Costs are exact; what has no price is counted."""
    days = days_asked(request.GET.get("days", ""))
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="usage-{days}-days.csv"'},
    )
    writer = csv.writer(response)
    writer.writerow(COLUMNS)
    for day, model, hint, line in details_of([person_of(request).pk], days, now=datetime.now(UTC)):
        cost = "" if line.is_cost_unknown else f"{line.cost.normalize():f}"
        told = (line.requests, line.failed, line.prompt_tokens, line.completion_tokens)
        writer.writerow([day, inert(model), inert(hint), *told, cost, line.unpriced])
    return response


@require_safe
@page_of_person
def request_list(request: HttpRequest) -> HttpResponse:
    user = person_of(request)
    asked = own_requests.asked_of(request.GET.dict(), now=datetime.now(UTC))
    found = own_requests.page_of_own(user, asked)
    context = {
        "asked": asked,
        "lines": [_line(row) for row in found.rows],
        "newer": asked.address(after=found.newer) if found.newer else "",
        "older": asked.address(before=found.older) if found.older else "",
        "states": _states(asked),
        "periods": _periods(asked),
        "filters": _filters(asked),
    }
    return page(request, "requests.html", Section.USAGE, context)


@require_safe
@page_of_person
def one_request(request: HttpRequest, request_id: str) -> HttpResponse:
    row = own_requests.request_of(person_of(request), request_id)
    context = {
        "row": row,
        "line": _line(row),
        "verdict": own_requests.verdict(row),
        "advice": own_requests.advice_of(row),
        "words": own_requests.words_of(row),
        "attempts": own_requests.attempts_of(row),
        "tokens": [
            (name.replace("_", " "), value)
            for name in own_requests.TOKENS
            if (value := getattr(row, name))
        ],
    }
    return page(request, "request.html", Section.USAGE, context)


@require_safe
@page_of_person
def limits(request: HttpRequest) -> HttpResponse:
    keys = working(list(keys_of(person_of(request))))
    context = {"limits": limits_of(caller_in(request), keys)}
    return page(request, "limits.html", Section.USAGE, context)


def _line(row: UsageRow) -> dict[str, object]:
    word, tone = label(row)
    counts = (row.prompt_tokens, row.completion_tokens)
    known = [count for count in counts if count is not None]
    return {
        "row": row,
        "word": word,
        "tone": TONES.get(tone, ""),
        "tokens": sum(known) if known else None,
    }


Chip = tuple[str, str, bool]


def _states(asked: Asked) -> list[Chip]:
    """Title, address, and whether it is chosen; a chosen one is taken back."""
    return [
        (title, asked.address(state="" if state is asked.state else state), state is asked.state)
        for state, title in STATES.items()
    ]


def _periods(asked: Asked) -> list[Chip]:
    chosen = asked.values.get("period", "")
    titles = {name: title for name, (title, _) in LIST_PERIODS.items()} | {"": "All"}
    return [
        (title, asked.address(period=name, since="", until=""), name == chosen)
        for name, title in titles.items()
    ]


def _filters(asked: Asked) -> list[tuple[str, str]]:
    """What else narrows the list, each with the address without it."""
    names = ("model", "key_id", "error_code", "since", "until")
    titles = {"key_id": "key", "error_code": "error"}
    return [
        (f"{titles.get(name, name)}: {asked.values[name]}", asked.address(**{name: ""}))
        for name in names
        if name in asked.values
    ]
