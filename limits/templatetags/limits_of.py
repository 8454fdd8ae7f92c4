"""The limits of a group, a user or an API key, on its page in the admin."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.http import urlencode

register = template.Library()
MOST = 20


@register.inclusion_tag("admin/limits/limits_for.html", takes_context=True)
def limits_for(context: dict[str, Any], row: Any) -> dict[str, Any]:
    """The limits that count for a user, with what is used of them, or those of a group or a key."""
    # Imported late: Django loads every tag library with its first template, in commands too.
    from limits.configuration.descriptions import limit_in_words
    from limits.reading.bars import bar_of
    from limits.reading.usage_now import most_used, used_by

    viewer = context["request"].user
    if not viewer.has_perm("limits.view_limit"):
        return {"is_shown": False}
    kind = {"group": "group", "user": "user", "apikey": "key"}[row._meta.model_name]
    limits = _limits(row, kind)
    uses = used_by(limits, row.pk) if kind == "user" else most_used(limits)
    asked = urlencode({"subject_kind": kind, kind: row.pk})
    may_add = viewer.has_perm("limits.add_limit")
    return {
        "is_shown": True,
        "is_of_user": kind == "user",
        "lines": [
            (each, limit_in_words(each), bar_of(each, uses[each.pk]) if each.pk in uses else None)
            for each in limits
        ],
        "url_to_add": f"{reverse('admin:limits_limit_add')}?{asked}" if may_add else "",
    }


def _limits(row: Any, kind: str) -> list[Any]:
    from django.db.models import Q

    from limits.models import Limit

    theirs = Q(**{kind: row})
    if kind == "user":
        groups = [group.pk for group in row.groups.all()]
        theirs |= Q(group__in=groups) | Q(subject_kind="everyone")
    return list(Limit.objects.filter(theirs).prefetch_related("changes").order_by("label")[:MOST])
