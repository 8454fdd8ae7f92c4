"""Further secrets of API keys."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from accounts.models.api_keys import ApiKey

UNKNOWN_HINT = "…"


class EarlierKeyQuerySet(models.QuerySet["EarlierKey"]):
    def overlapping(self) -> EarlierKeyQuerySet:
        """Still accepted beside the key that came after."""
        return self.filter(expires_at__gt=timezone.now())


class EarlierKey(models.Model):
    """A further secret of a row, accepted until it expires.

    It was the row's key before a rotation, or it is a token of the playground.
    """

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="earlier_keys")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # Empty for keys that were rotated before this column existed.
    # `db_default`: the version before may still write rows during an upgrade.
    hint = models.CharField(max_length=20, blank=True, default="", db_default="", editable=False)
    expires_at = models.DateTimeField()

    objects: ClassVar[Any] = EarlierKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"the secret {self.shown_hint} before {self.api_key}"

    @property
    def shown_hint(self) -> str:
        return self.hint or UNKNOWN_HINT

    @property
    def has_ended(self) -> bool:
        return bool(self.expires_at <= timezone.now())

    def end(self) -> None:
        """Refuse this secret from now on. Those before and after it stay as they are."""
        if not self.has_ended:
            self.expires_at = timezone.now()
            self.save(update_fields=["expires_at"])
