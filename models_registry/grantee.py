"""Whom a grant is for, and giving and taking it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group

from accounts.models import User
from models_registry.models import ModelGrant


@dataclass(frozen=True, slots=True, kw_only=True)
class Grantee:
    """A group, a user, or with neither of them everyone."""

    group: Group | None = None
    user: User | None = None

    def __str__(self) -> str:
        if self.group:
            return f"group {self.group}"
        return f"user {self.user}" if self.user else "everyone"

    def grant(self, pattern: str) -> bool:
        """Let them use the models that match ``pattern``. False when they may already.

        Raises ``ValidationError`` for what is not a pattern.
        """
        row = ModelGrant(pattern=pattern, **self._columns())
        row.clean_fields()
        row.clean()
        _, created = ModelGrant.objects.get_or_create(pattern=pattern, **self._columns())
        return bool(created)

    def revoke(self, pattern: str) -> bool:
        """Take back exactly this grant. False when there is none."""
        deleted, _ = ModelGrant.objects.filter(pattern=pattern, **self._columns()).delete()
        return bool(deleted)

    def patterns(self) -> list[str]:
        """The patterns granted to this grantee alone, sorted."""
        grants = ModelGrant.objects.filter(**self._columns())
        return sorted(grants.values_list("pattern", flat=True))

    def _columns(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "user": self.user,
            "everyone": self.group is None and self.user is None,
        }
