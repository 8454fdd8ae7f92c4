"""What is used of limits, as the admin shows it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.models import ApiKey, User
from limits.choices import Metric
from limits.configuration.descriptions import figure
from limits.loading import rule_of
from limits.models import Limit
from limits.reading.forecast import in_words
from limits.reading.usage_now import ShareUse, used_now

FULL, NEARLY = 100, 80  # per cents, from which a bar has another colour


class Bar(NamedTuple):
    """``width`` is in per cent, at most 100. Empty texts where a thing is not known."""

    name: str
    text: str
    width: int
    colour: str
    resets_at: datetime | None
    forecast: str


def bars_of(limit: Limit) -> list[Bar]:
    """A bar for each share, the most used first."""
    uses = used_now(limit)
    names = people_of(use.share for use in uses)
    return [bar_of(limit, use, names[use.share]) for use in uses]


def bar_of(limit: Limit, use: ShareUse, name: str = "") -> Bar:
    metric, per_cent = Metric(limit.metric), use.per_cent
    of = figure(metric, use.amount)
    colour = ""
    if per_cent is not None:
        colour = "danger" if per_cent >= FULL else "warning" if per_cent >= NEARLY else ""
    forecast = ""
    if use.runs_out_at is not None:
        forecast = in_words(use.runs_out_at, now=time.time(), zone=rule_of(limit).zone)
    return Bar(
        name=name,
        text=f"not known, of {of}"
        if use.used is None
        else f"{figure(metric, use.used)} of {of} ({per_cent} %)",
        width=min(per_cent or 0, FULL),
        colour=colour,
        resets_at=datetime.fromtimestamp(use.resets_at, UTC) if use.resets_at else None,
        forecast=forecast,
    )


def shown(bar: Bar) -> SafeString:
    return render_to_string("admin/limits/bar.html", {"bar": bar})


def people_of(shares: Iterable[str]) -> dict[str, str]:
    """Who stands behind each share, in words, with two queries at most."""
    known = set(shares)
    user_ids = [int(share[1:]) for share in known if share.startswith("u")]
    key_ids = [UUID(share[1:]) for share in known if share.startswith("k")]
    names: dict[str, str] = {"": "together"}
    if user_ids:
        users = User.objects.filter(pk__in=user_ids).values_list("pk", "username")
        names |= {f"u{pk}": name for pk, name in users}
    if key_ids:
        keys: Any = ApiKey.objects.filter(pk__in=key_ids).select_related("user")
        names |= {f"k{key.pk.hex}": f"{key} of {key.user}" for key in keys}
    return {share: names.get(share, f"{share} (deleted)") for share in known}
