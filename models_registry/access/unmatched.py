"""Grants whose pattern covers no model that this worker knows of."""

from __future__ import annotations

from models_registry.models import ModelGrant
from models_registry.registry import active, is_running


def unmatched_grants() -> list[ModelGrant]:
    """By pattern, each with its group and user. One query; none where this process serves no
    model, since then nothing is known of patterns."""
    if not is_running():
        return []
    catalogue = active().snapshot.catalogue
    if not catalogue.targets:
        return []
    grants = ModelGrant.objects.select_related("group", "user").order_by("pattern", "pk")
    return [grant for grant in grants if not catalogue.patterns.covered_by([grant.pattern])]
