"""The limits of a group, a user or an API key, on its page in the admin."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.http import urlencode

register = template.Library()
MOST = 20


@register.inclusion_tag("admin/limits/limits_of.html", takes_context=True)
def limits_of(context: dict[str, Any], row: Any) -> dict[str, Any]:
    # Imported late: Django loads every tag library with its first template, in commands too.
    from limits.configuration.descriptions import limit_in_words
    from limits.models import Limit

    kind = {"group": "group", "user": "user", "apikey": "key"}[row._meta.model_name]
    user = context["request"].user
    if not user.has_perm("limits.view_limit"):
        return {"is_shown": False}
    limits = Limit.objects.filter(**{kind: row})[:MOST]
    asked = urlencode({"subject_kind": kind, kind: row.pk})
    return {
        "is_shown": True,
        "limits": [(limit, limit_in_words(limit)) for limit in limits],
        "url_to_add": f"{reverse('admin:limits_limit_add')}?{asked}"
        if user.has_perm("limits.add_limit")
        else "",
    }
