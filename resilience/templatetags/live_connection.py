"""The live state of a connection, on its page in the admin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import template
from django.contrib import admin
from django.utils import timezone

register = template.Library()


@register.inclusion_tag("admin/connections/connection/live_rows.html", takes_context=True)
def live_connection(context: dict[str, Any], connection: Any) -> dict[str, Any]:
    # Imported late: Django loads every tag library with its first template, in commands too.
    from resilience.live import live_connection as known

    live = known(connection.pk)
    keys = [_row("key", each.id, f"Key {each.hint}", each) for each in live.keys]
    targets = [_row("model", each.model, f"Model {each.model}", each) for each in live.targets]
    request = context["request"]
    return {
        "rows": [*keys, *targets],
        "connection": connection,
        "may_try": admin.site.get_model_admin(type(connection)).has_change_permission(request),
        "csrf_token": context.get("csrf_token"),
    }


def _row(field: str, value: str, name: str, report: Any) -> dict[str, Any]:
    """A line of the table, whose button sends ``value`` in ``field``."""
    ends_at = timezone.now() + timedelta(seconds=report.seconds) if report.seconds else None
    return {"field": field, "value": value, "name": name, "report": report, "until": ends_at}
