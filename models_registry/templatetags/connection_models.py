"""The models that a connection offers, for pages of connections."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()

MOST_CHOICES = 500


@register.simple_tag
def offered_models(connection: Any) -> list[str]:
    """The upstream's names of the models, as far as this process knows them."""
    # Imported late: Django loads every tag library with its first template, in commands too.
    from models_registry.listed import offered_now

    return sorted(offered_now(connection))[:MOST_CHOICES]
