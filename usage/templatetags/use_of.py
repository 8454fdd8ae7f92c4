"""What keys and people have used lately, on the pages of rooms below this one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

# Modules are imported late: Django loads each tag library with its first template, in commands too.
VIEW = "usage.view_usagerow"
NONE = SafeString('<span class="people-quiet">none</span>')


@register.simple_tag
def use_of_keys(keys: Collection[Any], viewer: Any) -> dict[Any, Any] | None:
    """What each of ``keys`` has used; None for a ``viewer`` who may not see usage records."""
    from usage import use

    if not viewer.has_perm(VIEW):
        return None
    return use.use_of_keys([(key.pk, key.user_id) for key in keys])


@register.simple_tag
def used_by_key(uses: dict[Any, Any], key_id: Any) -> SafeString:
    """Requests and cost, with a link to the records."""
    from usage import use

    return _shown(uses.get(key_id, use.NOTHING), key_id=key_id)


@register.simple_tag(takes_context=True)
def figures_of(context: Context, row: Any) -> Any:
    """The figures of a user, a key or a group; None for viewers who may not see usage records."""
    from usage import hub

    if not context["request"].user.has_perm(VIEW):
        return None
    match row._meta.model_name:
        case "user":
            return hub.of_user(row.pk)
        case "apikey":
            return hub.of_key(row.pk, row.user_id)
        case _:
            return hub.of_group(row.pk)


@register.inclusion_tag("admin/usage/figures.html", takes_context=True)
def show_figures(context: Context, figures: Any, row: Any) -> dict[str, Any]:
    """The chart of ``figures``, what they come to, and the newest requests of ``row``."""
    from usage import hub
    from usage.admin.charts import cost_of
    from usage.admin.filters import records_since
    from usage.charts import HEIGHT, WIDTH

    field = {"user": "user_id", "apikey": "key_id"}.get(row._meta.model_name)
    if figures is None:
        return {"figures": None}
    narrowed = {field: row.pk} if field else {}
    return {
        "figures": figures,
        "cost": "cost unknown" if figures.total.is_cost_unknown else cost_of(figures.total),
        "records": records_since(figures.since, **narrowed) if field else "",
        "newest": hub.newest(**narrowed) if field else [],
        "width": WIDTH,
        "height": HEIGHT,
    }


def _shown(used: Any, **fields: Any) -> SafeString:
    from usage.admin.charts import dollars
    from usage.admin.filters import records_since
    from usage.use import use_since

    if not used.requests:
        return NONE
    cost = "cost unknown" if used.is_cost_unknown else dollars(float(used.cost))
    url = records_since(use_since(), **fields)
    return format_html('<a href="{}">{}</a> <small>{}</small>', url, f"{used.requests:,}", cost)
