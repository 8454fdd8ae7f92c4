from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.encryption import keyring

UNTOLD_LIFETIME = timedelta(hours=1)  # where a provider does not say how long a token lasts


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """Tokens in the clear. ``refresh`` is empty where the provider gave none.

    ``lifetime_seconds`` is how long the access token lasts from when it was given; 0 if unknown.
    """

    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    lifetime_seconds: float = field(default=0.0, compare=False)

    @property
    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> TokenPair:
        return cls(**json.loads(text))


class OAuthTokenQuerySet(models.QuerySet["OAuthToken"]):
    def over(self) -> OAuthTokenQuerySet:
        """Of sessions that have expired."""
        return self.filter(session_ends_at__lte=timezone.now())

    def current(self) -> OAuthTokenQuerySet:
        """Of sessions that last, of active users, the newest first."""
        return self.filter(session_ends_at__gt=timezone.now(), user__is_active=True).order_by(
            "-created_at"
        )

    def free(self, now: datetime) -> OAuthTokenQuerySet:
        """Not being renewed by a worker."""
        return self.filter(Q(renewed_until__isnull=True) | Q(renewed_until__lte=now))


class OAuthToken(models.Model):
    """The tokens of one sign-in. ``renewed_until`` is the end of a worker's lease to renew it.

    Without a ciphertext it can be renewed no more: the person has to sign in again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="oauth_tokens"
    )
    issuer = models.CharField(max_length=500)
    ciphertext = models.TextField(blank=True)
    expires_at = models.DateTimeField()
    session_ends_at = models.DateTimeField(db_index=True)
    renewed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[Any] = OAuthTokenQuerySet.as_manager()

    class Meta:
        app_label = "accounts"
        verbose_name = "OAuth token"

    def __str__(self) -> str:
        return f"token of {self.user_id} from {self.issuer}"

    @property
    def bound_to(self) -> str:
        return f"accounts.oauthtoken:{self.pk}"

    def seal(self, pair: TokenPair) -> None:
        """Put ``pair`` into the row, encrypted. The caller saves it."""
        self.ciphertext = keyring().encrypt(pair.as_json, bound_to=self.bound_to)

    def reveal(self) -> TokenPair:
        """Raises ``accounts.encryption.EncryptionError``."""
        return TokenPair.from_json(keyring().decrypt(self.ciphertext, bound_to=self.bound_to))
