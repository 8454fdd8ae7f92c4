"""Examples to paste, on pages that show a key or know one."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.simple_tag
def snippets_of(key: str, base_url: str, model: str) -> list[Any]:
    """As :func:`accounts.snippets.snippets`."""
    # Imported late: Django loads every tag library with its first template, in commands too.
    from accounts.snippets import snippets

    return list(snippets(key, base_url, model))
