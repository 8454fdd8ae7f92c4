"""The pages of one's keys: made, shown once, rotated, revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from accounts.admin.shown_once import keep, take
from accounts.public_url import base_url
from accounts.snippets import snippets
from portal.allowance import allowance_of
from portal.forms import NewKeyForm, RotationForm
from portal.keys import key_of, keys_of, make_key, revoke_key, rotate_key, working
from portal.page import Section, caller_in, page, page_of_person, person_of
from portal.reading.models import view_of
from portal.reading.own_usage import USUAL_DAYS, usage_of
from portal.refusals import RefusedError
from portal.views.start import model_for_snippets

MOST_KEYS = 200


@require_safe
@page_of_person
def key_list(request: HttpRequest) -> HttpResponse:
    user = person_of(request)
    keys = list(keys_of(user)[:MOST_KEYS])
    usable = working(keys)
    used = usage_of([user.pk], USUAL_DAYS, now=datetime.now(UTC))
    requests = {used.key_ids[line.group]: line.requests for line in used.by_key}
    allowed = allowance_of(user)
    context = {
        "keys": [(key, requests.get(str(key.pk), 0)) for key in keys if key in usable],
        "ended": [key for key in keys if key not in usable],
        "allowed": allowed,
        "has_room": len(usable) < allowed.most_keys,
    }
    return page(request, "keys.html", Section.KEYS, context)


@require_http_methods(["GET", "HEAD", "POST"])
@page_of_person
def new_key(request: HttpRequest) -> HttpResponse:
    user = person_of(request)
    allowed = allowance_of(user)
    form = NewKeyForm(request.POST or None, allowed=allowed)
    if allowed.may_make_keys and form.is_valid():
        try:
            row, key = make_key(user, form.asked())
        except RefusedError as exc:
            add_to(form, exc)
        else:
            keep(request, f"portal:{row.pk}", key)
            return redirect("portal:shown_key", row.pk)
    status = 403 if request.method == "POST" and not allowed.may_make_keys else 200
    context = {"form": form, "allowed": allowed}
    return page(request, "new_key.html", Section.KEYS, context, status=status)


@require_safe
@page_of_person
def shown_key(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Shows a key once, to the browser that made it; a reload shows the row alone."""
    row = key_of(person_of(request), key_id)
    key = take(request, f"portal:{row.pk}")
    model = model_for_snippets(view_of(caller_in(request)))
    context = {
        "row": row,
        "key": key,
        "snippets": snippets(key, base_url(request), model) if key else [],
    }
    return page(request, "shown_key.html", Section.KEYS, context)


@require_http_methods(["GET", "HEAD", "POST"])
@page_of_person
def rotate(request: HttpRequest, key_id: UUID) -> HttpResponse:
    user = person_of(request)
    row = key_of(user, key_id)
    form = RotationForm(request.POST or None)
    if form.is_valid():
        overlap = timedelta(hours=form.cleaned_data["overlap_hours"])
        try:
            row, key = rotate_key(user, key_id, overlap)
        except RefusedError as exc:
            add_to(form, exc)
        else:
            keep(request, f"portal:{row.pk}", key)
            return redirect("portal:shown_key", row.pk)
    return page(request, "rotate_key.html", Section.KEYS, {"row": row, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@page_of_person
def revoke(request: HttpRequest, key_id: UUID) -> HttpResponse:
    user = person_of(request)
    row = key_of(user, key_id)
    if request.method == "POST":
        revoke_key(user, key_id)
        messages.success(request, f"{row} is revoked. Calls with it are refused from now on.")
        return redirect("portal:keys")
    return page(request, "revoke_key.html", Section.KEYS, {"row": row})


def add_to(form: forms.Form, refusal: RefusedError) -> None:
    """Show ``refusal`` beside its field, where the form has that."""
    field = {"expires_in_days": "days", "scopes": "manages_keys"}.get(refusal.field, refusal.field)
    form.add_error(field if field in form.fields else None, refusal.message)
