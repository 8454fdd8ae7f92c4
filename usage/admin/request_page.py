"""The page of one recorded request: how it went, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst

from infrastructure.moments import Moment, span
from usage.counted_limits import counted_limits
from usage.explorer.asked import Cursor, State
from usage.explorer.curl import curl
from usage.explorer.listing import NEWEST_FIRST, OLDEST_FIRST
from usage.explorer.names import Names, names_of
from usage.explorer.outcomes import label, outcome
from usage.explorer.waterfall import WIDTH, steps
from usage.failing import FAILED
from usage.models import TokensFrom, UsageRow

NEIGHBOURS = 3
AROUND = timedelta(minutes=5)
AROUND_FAILURE = timedelta(minutes=30)
TOKENS = (
    ("cached_tokens", "cached"),
    ("cache_write_tokens", "written to the cache"),
    ("reasoning_tokens", "reasoning"),
    ("audio_prompt_tokens", "sound in"),
    ("audio_completion_tokens", "sound out"),
)


def request_page(request: HttpRequest, row: UsageRow) -> HttpResponse:
    """For who may see usage records. ``row`` may be of people and connections that are gone."""
    now = datetime.now(UTC)
    names = names_of([row], request.user)[row.pk]
    parts = steps(row)
    context = admin.site.each_context(request) | {
        "title": "Request",
        "opts": UsageRow._meta,
        "original": row,
        "row": row,
        "at": Moment.of(row.accepted_at, now=now),
        "outcome": outcome(row),
        "names": names,
        "groups": _groups(row, names, request.user),
        "took": span(row.duration_ms),
        "steps": parts,
        "width": WIDTH,
        "words": [(step, step.words) for step in parts if step.words],
        "tokens": _tokens(row),
        "cost": _cost(row),
        "price": _price(row),
        "limits": counted_limits.of(row.limit_marks or []),
        "curl": curl(row, request.build_absolute_uri("/v1")),
        "explain_url": _explain(row, names, request),
        "around": _around(row, now),
        "of_key": _list(key_id=row.key_id, user_id=row.user_id),
        "of_user": _list(user_id=row.user_id, **_span_of(row, AROUND)),
        "of_connection": _failures(row),
        "fields": _fields(row),
    }
    return TemplateResponse(request, "admin/usage/request.html", context)


def _groups(row: UsageRow, names: Names, viewer: Any) -> list[str]:
    """The groups of the user now, for who may see groups."""
    if names.now_named is None or not viewer.has_perm("auth.view_group"):
        return []
    return list(
        Group.objects.filter(user=row.user_id).order_by("name").values_list("name", flat=True)
    )


def _tokens(row: UsageRow) -> list[str]:
    """What is known of the amount, in words."""
    if row.prompt_tokens is None and row.completion_tokens is None:
        found = []
    else:
        told = ["–" if n is None else f"{n:,}" for n in (row.prompt_tokens, row.completion_tokens)]
        estimated = ", estimated" if row.tokens_from == TokensFrom.ESTIMATED else ""
        found = [f"{told[0]} tokens in, {told[1]} out{estimated}"]
    parts = [f"{getattr(row, name):,} {word}" for name, word in TOKENS if getattr(row, name)]
    if parts:
        found.append(", ".join(parts))
    if row.audio_seconds:
        found.append(f"{row.audio_seconds:,.1f} s of sound")
    if row.characters:
        found.append(f"{row.characters:,} characters")
    if row.images:
        found.append(f"{row.images:,} image{'' if row.images == 1 else 's'}")
    return found or ["No tokens were counted."]


def _cost(row: UsageRow) -> str:
    if row.cost is None:
        return "No cost is known." if row.status >= FAILED else "The cost is unknown."
    told = f"${row.cost.normalize():f}" if row.cost else "$0"
    return f"~{told}, an estimate" if row.is_cost_estimated else told


def _price(row: UsageRow) -> str:
    if row.price is None:
        return "" if row.status >= FAILED else "No price is set for this model."
    return f"Price: {row.price}, from {row.price.valid_from:%Y-%m-%d} on"


def _explain(row: UsageRow, names: Names, request: HttpRequest) -> str:
    """The page that tells why this user may, or may not, use this model."""
    needed = ("models_registry.view_registeredmodel", "models_registry.view_modelgrant")
    if names.now_named is None or not row.model or not request.user.has_perms(needed):
        return ""
    asked = urlencode({"user": names.now_named, "model": row.model})
    return f"{reverse('admin:models_registry_models')}?{asked}"


def _around(row: UsageRow, now: datetime) -> list[dict[str, Any]]:
    """The requests of the same key just before and after, with this one among them."""
    place = Cursor.of(row)
    of_key = UsageRow.objects.filter(user_id=row.user_id, key_id=row.key_id)
    newer = list(of_key.filter(place.newer).order_by(*OLDEST_FIRST)[:NEIGHBOURS])
    older = list(of_key.filter(place.older).order_by(*NEWEST_FIRST)[:NEIGHBOURS])
    return [_neighbour(each, row, now) for each in (*newer[::-1], row, *older)]


def _neighbour(each: UsageRow, row: UsageRow, now: datetime) -> dict[str, Any]:
    word, tone = label(each)
    return {
        "is_this": each.pk == row.pk,
        "request_id": each.pk,
        "url": reverse("admin:usage_usagerow_change", args=[each.pk]),
        "at": Moment.of(each.accepted_at, now=now),
        "word": word,
        "tone": tone,
        "model": each.model,
        "took": span(each.duration_ms),
    }


def _failures(row: UsageRow) -> str:
    if not row.connection:
        return ""
    about = _span_of(row, AROUND_FAILURE)
    return _list(connection=row.connection, state=State.FAILED, **about)


def _span_of(row: UsageRow, before_and_after: timedelta) -> dict[str, str]:
    begin, end = row.accepted_at - before_and_after, row.accepted_at + before_and_after
    return {
        name: at.isoformat(timespec="seconds") for name, at in (("since", begin), ("until", end))
    }


def _list(**wanted: Any) -> str:
    return f"{reverse('admin:usage_usagerow_changelist')}?{urlencode(wanted)}"


def _fields(row: UsageRow) -> list[tuple[str, str]]:
    found = []
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.name not in {"attempt_log", "limit_marks"}:
            told = "–" if value is None or value == "" else str(value)
            found.append((capfirst(str(field.verbose_name)), told))
    return found
