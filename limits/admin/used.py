"""What is used of limits, as the admin shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.models import ApiKey, User
from limits.models import Limit
from limits.reading.bars import Bar, bar_of
from limits.reading.usage_now import used_now


def bars_of(limit: Limit) -> list[Bar]:
    """A bar for each share, the most used first."""
    uses = used_now(limit)
    names = people_of(use.share for use in uses)
    return [bar_of(limit, use, names[use.share]) for use in uses]


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
