"""The pages of one's models: search, one model, and asking for others.

Of a model that is not the person's, these pages say what the API says: that it does not exist or
is not theirs. Its existence is told where the policy of a group shows the catalogue.
"""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.public_url import base_url
from accounts.snippets import snippets
from infrastructure.patterns import matches
from models_registry.registry import active
from models_registry.snapshot import View
from portal.access import ask_for, requests_of, withdraw
from portal.allowance import allowance_of
from portal.forms import AccessForm
from portal.keys import keys_of, working
from portal.page import Section, caller_in, page, page_of_person, person_of
from portal.reading.models import described, view_of
from portal.refusals import RefusedError
from portal.views.keys import add_to

ROWS = 50
LONGEST_SEARCH = 200
MOST_OTHERS = 50
MOST_ASKED = 100


@require_safe
@page_of_person
def model_list(request: HttpRequest) -> HttpResponse:
    user, view = person_of(request), view_of(caller_in(request))
    term = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    ids = (
        [] if view is None else [each for each, _ in view.listed() if term.lower() in each.lower()]
    )
    shown = Paginator(ids, ROWS).get_page(request.GET.get("page"))
    is_catalogue_shown = allowance_of(user).shows_catalogue
    context = {
        "term": term,
        "is_ready": view is not None,
        "page": shown,
        "number": 0 if view is None else len(view.listed()),
        "models": [] if view is None else described(view, list(shown.object_list)),
        "is_missing": bool(term) and view is not None and not view.route(term),
        "others": _others(view, term) if view is not None and is_catalogue_shown else [],
        "is_catalogue_shown": is_catalogue_shown,
        "open_requests": requests_of(user).open().count(),
    }
    return page(request, "models.html", Section.MODELS, context)


@require_safe
@page_of_person
def model(request: HttpRequest, model_id: str) -> HttpResponse:
    user, view = person_of(request), view_of(caller_in(request))
    targets = () if view is None else view.route(model_id)
    if view is None or not targets:
        shown = {"model_id": model_id, "form": AccessForm(initial={"model": model_id})}
        return page(request, "model_missing.html", Section.MODELS, shown, status=404)
    granted_ids = {each for target in targets for each in target.granted_ids}
    context = {
        "model": described(view, [model_id])[0],
        "snippets": snippets("", base_url(request), model_id) if targets[0].is_chat else [],
        "base_url": base_url(request),
        "narrowed_keys": _keys_without(user, granted_ids),
    }
    return page(request, "model.html", Section.MODELS, context)


@require_http_methods(["GET", "HEAD", "POST"])
@page_of_person
def access(request: HttpRequest) -> HttpResponse:
    """One's requests for access, and the form of a new one."""
    user = person_of(request)
    form = AccessForm(request.POST or None, initial={"model": request.GET.get("model", "")})
    if form.is_valid():
        try:
            row = ask_for(user, form.cleaned_data["model"], form.cleaned_data["reason"])
        except RefusedError as exc:
            add_to(form, exc)
        else:
            messages.success(request, f"You have asked for {row.model}. An admin decides.")
            return redirect("portal:access")
    context = {"form": form, "requests": requests_of(user)[:MOST_ASKED]}
    return page(request, "access.html", Section.MODELS, context)


@require_POST
@page_of_person
def withdraw_access(request: HttpRequest, access_id: int) -> HttpResponse:
    row = withdraw(person_of(request), access_id)
    messages.success(request, f"You ask for {row.model} no longer.")
    return redirect("portal:access")


def _others(view: View, term: str) -> list[str]:
    """Ids of the catalogue that are not the person's, as far as they fit."""
    mine = {model_id for model_id, _ in view.listed()}
    every = (model_id for model_id, _ in active().snapshot.catalogue.routes())
    found = (each for each in every if each not in mine and term.lower() in each.lower())
    return sorted(found)[:MOST_OTHERS]


def _keys_without(user: User, granted_ids: set[str]) -> list[str]:
    """The keys of ``user`` that are narrowed to other models than this one."""
    return [
        key.name or key.hint
        for key in working(list(keys_of(user).exclude(model_patterns=[])))
        if not any(matches(p, each) for p in key.model_patterns for each in granted_ids)
    ]
