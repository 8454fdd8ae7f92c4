"""The models of keys and people, on the pages of rooms below this one."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from accounts.administration import ACCESS_OF_PERSON, MODEL, NEEDS

register = template.Library()


@register.simple_tag
def model_of_key(key: Any) -> str:
    """The first model that ``key`` may chat with; empty where there is none, or none is known."""
    # Imported late: Django loads every tag library with its first template, in commands too.
    from models_registry.usable import of_key

    listed = of_key(key)
    return listed[0] if listed else ""


@register.inclusion_tag("admin/models_registry/usable.html", takes_context=True)
def usable_models(context: Context, row: Any) -> dict[str, Any]:
    """The models of a user or a group, and the grants behind them."""
    from models_registry import usable

    viewer = context["request"].user
    if not viewer.has_perm("models_registry.view_modelgrant"):
        return {"is_shown": False}
    is_user = row._meta.model_name == "user"
    return {
        "is_shown": True,
        "row": row,
        "usable": usable.of_user(row) if is_user else usable.of_group(row.pk),
        "is_user": is_user,
        "sees_models": viewer.has_perms(NEEDS[MODEL]),
        "sees_access": viewer.has_perms(NEEDS[ACCESS_OF_PERSON]),
        "may_grant": viewer.has_perm("models_registry.add_modelgrant"),
    }
