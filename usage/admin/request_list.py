"""The page that lists recorded requests: search, chips, facets, pages by key, CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from infrastructure.moments import Moment, span
from usage.explorer import search
from usage.explorer.asked import FIELDS, GROUP, PERIODS, STATES, Asked
from usage.explorer.export import csv_response
from usage.explorer.listing import Facets, Page, first_page, page_of
from usage.explorer.names import Names, names_of
from usage.explorer.outcomes import Tone, label
from usage.listed_requests import cost_of
from usage.models import UsageRow

TITLES = {
    "user_id": "User",
    "group_id": "Group",
    "key_id": "Key",
    "model": "Model",
    "connection": "Connection",
    "error_code": "Error",
    "since": "Since",
    "until": "Before",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A choice with the address that makes it, or takes it back where it ``is_chosen``."""

    title: str
    address: str
    is_chosen: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the table."""

    request_id: str
    user_id: int
    url: str
    at: Moment
    word: str
    tone: Tone
    names: Names
    took: str
    first_byte: str
    tokens: str
    cost: str


def request_list(request: HttpRequest) -> HttpResponseBase:
    """The list, its CSV, or the way to the one request whose id is searched for.

    Raises ``BadRequest``. For who may see usage records.
    """
    now = datetime.now(UTC)
    asked = Asked.read(request.GET.dict(), now=now)
    with_id = search.some_by_id(asked.term) if asked.term else []
    if one := search.the_one(asked.term, with_id):
        return HttpResponseRedirect(page_address(one))
    found = asked.rows(_candidates(asked.term, with_id))
    if request.GET.get("format") == "csv":
        return csv_response(request, found)
    page, facets = _page(found, asked)
    context = admin.site.each_context(request) | {
        "title": "Requests",
        "asked": asked,
        "opts": UsageRow._meta,
        "kept": [(name, asked.values[name]) for name in asked.values if name != "q"],
        "lines": _lines(page, request, now),
        "facets": facets,
        "narrower": _narrower(asked, facets),
        "states": _states(asked, facets),
        "periods": _periods(asked),
        "filters": _filters(asked, page, request.user),
        "newer": page.newer and asked.address(after=page.newer),
        "older": page.older and asked.address(before=page.older),
        "newest": asked.address(),
        "csv": asked.address(format="csv"),
    }
    return TemplateResponse(request, "admin/usage/requests.html", context)


def page_address(row: UsageRow) -> str:
    return reverse("admin:usage_usagerow_change", args=[row.pk])


def _candidates(term: str, with_id: Sequence[UsageRow]) -> QuerySet[UsageRow]:
    """``with_id`` are the first rows that the term names by an id."""
    if not term:
        return UsageRow.objects.all()
    return search.by_id(term, among=len(with_id)) if with_id else search.by_name(term)


def _page(rows: QuerySet[UsageRow], asked: Asked) -> tuple[Page, Facets | None]:
    """Counts are on the first page alone."""
    if asked.before is None and asked.after is None:
        return first_page(rows)
    return page_of(rows, asked), None


def _lines(page: Page, request: HttpRequest, now: datetime) -> list[Line]:
    names = names_of(page.rows, request.user) if page.rows else {}
    return [_line(row, names[row.pk], now) for row in page.rows]


def _line(row: UsageRow, names: Names, now: datetime) -> Line:
    word, tone = label(row)
    known = [count for count in (row.prompt_tokens, row.completion_tokens) if count is not None]
    return Line(
        request_id=row.request_id,
        user_id=row.user_id,
        url=page_address(row),
        at=Moment.of(row.accepted_at, now=now),
        word=word,
        tone=tone,
        names=names,
        took=span(row.duration_ms),
        first_byte="" if row.first_byte_ms is None else span(row.first_byte_ms),
        tokens=f"{sum(known):,}" if known else "–",
        cost=cost_of(row),
    )


def _states(asked: Asked, facets: Facets | None) -> list[Chip]:
    return [
        Chip(
            title=title,
            address=asked.address(state="" if state is asked.state else state),
            is_chosen=state is asked.state,
            count=facets.states.get(state, 0) if facets else None,
        )
        for state, title in STATES.items()
    ]


def _periods(asked: Asked) -> list[Chip]:
    chosen = asked.values.get("period", "")
    titles = {name: title for name, (title, _) in PERIODS.items()} | {"": "All"}
    return [
        Chip(
            title=title,
            address=asked.address(period=name, since="", until=""),
            is_chosen=name == chosen and (bool(name) or asked.since is None),
        )
        for name, title in titles.items()
    ]


def _narrower(asked: Asked, facets: Facets | None) -> list[tuple[str, list[Chip]]]:
    """The facets that would narrow the selection: those with more than one value."""
    if facets is None or not facets.rows:
        return []
    return [
        (
            TITLES[field],
            [
                Chip(
                    title=each.name,
                    address=asked.address(**{field: each.value}),
                    count=each.count,
                )
                for each in values
            ],
        )
        for field, values in facets.fields.items()
        if field not in asked.values and len(values) + (field == "error_code") > 1
    ]


def _filters(asked: Asked, page: Page, viewer: Any) -> list[Chip]:
    """What narrows the selection now, each with the address without it."""
    named = {GROUP: _group_name(asked, viewer)}
    if page.rows:
        first = page.rows[0]
        named |= {"user_id": first.username, "key_id": first.key_hint}
    return [
        Chip(
            title=f"{TITLES[name]}: {named.get(name) or asked.values[name]}",
            address=asked.address(**{name: ""}),
            is_chosen=True,
        )
        for name in (*FIELDS, "since", "until")
        if name in asked.values
    ]


def _group_name(asked: Asked, viewer: Any) -> str:
    """Empty without such a group, and for who may not see it; a query where one is asked for."""
    if GROUP not in asked.fields or not viewer.has_perm("auth.view_group"):
        return ""
    found = Group.objects.filter(pk=asked.fields[GROUP]).values_list("name", flat=True)
    return found.first() or ""
