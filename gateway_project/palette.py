"""What Ctrl-K finds in the admin: people, keys, connections, models and requests.

Each kind of row is looked for only where the person may see its page. The theme's own page of
results would keep them for five minutes, also for somebody who loses a permission meanwhile.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.dataclasses import SearchResult

from accounts.models import ApiKey, User
from connections.models import Connection
from models_registry.models import RegisteredModel
from models_registry.registry import active, is_running
from usage.explorer import search
from usage.explorer.outcomes import label

MOST = 8
SHORTEST = 2
LONGEST = 200
A_PAGE = 100


def search_page(request: HttpRequest) -> HttpResponse:
    """What fits ``?s=``: pages of the admin, and with ``?extended`` rows, too. Keeps nothing.

    In place of the theme's, for its templates. Wrap in ``admin_view``.
    """
    text = request.GET.get("s", "").lower()
    if not text:
        return HttpResponse()
    began = perf_counter()
    is_palette = "extended" in request.GET
    found = _pages(request, text) + (find(request, text) if is_palette else [])
    paginator = Paginator(found, A_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "page_obj": paginator,
        "results": page,
        "page_counter": (page.number - 1) * A_PAGE,
        "execution_time": perf_counter() - began,
    }
    template = f"unfold/helpers/{'command' if is_palette else 'search'}_results.html"
    return TemplateResponse(request, template, context, headers={"HX-Trigger": "search"})


def find(request: HttpRequest, text: str) -> list[SearchResult]:
    """The first few of each kind; one query for each at most. ``text`` is in lower case."""
    term = text.strip()
    if not SHORTEST <= len(term) <= LONGEST or "\0" in term:
        return []
    found: list[SearchResult] = []
    for permission, look_up in KINDS:
        if request.user.has_perm(permission):
            found += look_up(term)
    return found


def _pages(request: HttpRequest, term: str) -> list[SearchResult]:
    """The lists of rows whose name, or the name of whose app, holds ``term``."""
    return [
        SearchResult(
            title=str(model["name"]), description=app["name"], link=model["admin_url"], icon="tag"
        )
        for app in admin.site.get_app_list(request)
        for model in app["models"]
        if model["admin_url"]
        and (term in app["name"].lower() or term in str(model["name"]).lower())
    ]


def _requests(term: str) -> list[SearchResult]:
    if len(term) < search.SHORTEST_BEGINNING:
        return []
    rows = search.by_id(term).order_by()[:MOST]
    return [
        _result(
            row.pk,
            f"{label(row)[0]}, {row.model or 'request'} of {row.username}",
            row,
            "receipt_long",
        )
        for row in rows
    ]


def _people(term: str) -> list[SearchResult]:
    named = Q(username__istartswith=term) | Q(email__istartswith=term)
    named |= Q(first_name__istartswith=term) | Q(last_name__istartswith=term)
    rows = User.objects.filter(named).order_by("username")[:MOST]
    return [_result(row.username, f"User {row.get_full_name()}", row, "person") for row in rows]


def _keys(term: str) -> list[SearchResult]:
    of_hint = Q(hint__iexact=term) | Q(name__istartswith=term)
    rows = ApiKey.objects.filter(of_hint).select_related("user").order_by("name", "pk")[:MOST]
    return [
        _result(row.name or row.hint, f"Key {row.hint} of {row.user}", row, "key") for row in rows
    ]


def _connections(term: str) -> list[SearchResult]:
    rows = Connection.objects.filter(name__icontains=term).order_by("name")[:MOST]
    return [_result(row.name, "Connection", row, "hub") for row in rows]


def _models(term: str) -> list[SearchResult]:
    """Those that this process serves, or else those that are registered."""
    if is_running():
        every = (model for model, _ in active().snapshot.catalogue.routes())
        names = sorted(model for model in every if term in model.lower())[:MOST]
    else:
        rows = RegisteredModel.objects.filter(model__icontains=term).order_by("model")
        names = list(dict.fromkeys(rows.values_list("model", flat=True)[:MOST]))
    page = reverse("model_page")
    return [
        SearchResult(
            title=name,
            description="Model",
            link=f"{page}?{urlencode({'id': name})}",
            icon="deployed_code",
        )
        for name in names
    ]


def _result(title: str, description: str, row: Any, icon: str) -> SearchResult:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    link = reverse(name, args=[row.pk])
    return SearchResult(title=title, description=description.strip(), link=link, icon=icon)


KINDS = (
    ("usage.view_usagerow", _requests),
    ("accounts.view_user", _people),
    ("accounts.view_apikey", _keys),
    ("connections.view_connection", _connections),
    ("models_registry.view_registeredmodel", _models),
)
