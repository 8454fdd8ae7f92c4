"""Keys for a browser or a device: made from an API key, for minutes, and for realtime alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Count, Sum
from django.db.models.functions import Length
from django.utils import timezone

from accounts.models.api_keys import ApiKey
from accounts.models.users import User

KEPT_AFTER_END = timedelta(minutes=5)


class ClientSecretQuerySet(models.QuerySet["ClientSecret"]):
    def good(self) -> ClientSecretQuerySet:
        """Not expired."""
        return self.filter(expires_at__gt=timezone.now())

    def held(self) -> tuple[int, int]:
        """How many there are, and the bytes of their sessions."""
        found = self.aggregate(count=Count("pk"), stored=Sum(Length("sealed_session")))
        return int(found["count"]), int(found["stored"] or 0)

    def ended(self) -> ClientSecretQuerySet:
        """Expired for a while."""
        return self.filter(expires_at__lt=timezone.now() - KEPT_AFTER_END)


class ClientSecret(models.Model):
    """One of them. Only its digest is stored, and its session under a key made of itself.

    ``parent_digest`` is that of the API key as it was presented: a secret ends with it. ``user`` is
    the one whom that key spoke for, if it did.
    """

    digest = models.CharField(max_length=64, unique=True, editable=False)
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="client_secrets")
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="client_secrets"
    )
    parent_digest = models.CharField(max_length=64, editable=False)
    sealed_session = models.TextField(editable=False)
    expires_at = models.DateTimeField(db_index=True)

    objects: ClassVar[Any] = ClientSecretQuerySet.as_manager()

    def __str__(self) -> str:
        return f"a client secret of {self.api_key}"
