"""The history of one object, for its page in the admin."""

from __future__ import annotations

from django import template
from django.db.models import Model
from django.template import Context

from gateway_project.history.told import Told, entries_of, for_viewer, told

SHOWN = 100

register = template.Library()


@register.simple_tag(takes_context=True)
def recorded_history(context: Context, row: Model) -> list[Told]:
    """The newest changes of ``row``, as the viewer may see them."""
    entries = for_viewer(entries_of(row), context["request"].user)
    return [told(entry) for entry in entries[:SHOWN]]
