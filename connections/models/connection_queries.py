"""Selections of connections."""

from __future__ import annotations

from typing import Any

from django.db import models


class ConnectionQuerySet(models.QuerySet[Any]):
    def enabled(self) -> ConnectionQuerySet:
        return self.filter(is_enabled=True)

    def by_priority(self) -> ConnectionQuerySet:
        """The order in which connections offer a model: lowest priority number first."""
        return self.order_by("priority", "url_index")

    def with_health(self) -> ConnectionQuerySet:
        """With what was last heard of each, so that its state takes no further query."""
        return self.select_related("health", "last_verification")

    def from_environment(self) -> ConnectionQuerySet:
        return self.filter(is_from_environment=True)
