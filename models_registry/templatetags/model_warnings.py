"""The warnings about the list of models, on each page that shows it."""

from __future__ import annotations

from django import template

register = template.Library()


@register.inclusion_tag("admin/models_registry/warnings.html")
def model_warnings() -> dict[str, list[str]]:
    # Imported late: Django loads every tag library with its first template, in commands too.
    from models_registry.warnings import warnings

    return {"warnings": warnings()}
