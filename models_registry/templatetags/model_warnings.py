"""The warnings about the list of models, on each page that shows it."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

register = template.Library()


@register.inclusion_tag("admin/models_registry/warnings.html", takes_context=True)
def model_warnings(context: Context, *, with_connections: bool = True) -> dict[str, Any]:
    # Imported late: Django loads every tag library with its first template, in commands too.
    from models_registry.warnings import warnings

    may_follow = context["request"].user.has_perm("connections.view_connection")
    found = warnings(with_connections=with_connections)
    return {"warnings": found, "may_follow": may_follow}
