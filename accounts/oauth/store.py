"""Stored tokens as the renewal needs them. Everything here blocks on the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.encryption import EncryptionError
from accounts.models.oauth_tokens import OAuthToken, TokenPair
from accounts.oauth.provider import Renewed


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """A row as it was read. ``pair`` is None where it cannot be used or renewed any more."""

    id: UUID
    ciphertext: str = field(repr=False)
    pair: TokenPair | None
    expires_at: datetime

    @property
    def refresh(self) -> str:
        """The refresh token; empty without one."""
        return self.pair.refresh if self.pair else ""


def read(user_id: int, issuer: str) -> StoredToken | None:
    """The token that ``issuer`` gave for the user's newest session; None without one."""
    row = OAuthToken.objects.current().filter(user_id=user_id, issuer=issuer).first()
    if row is None:
        return None
    try:
        pair = row.reveal() if row.ciphertext else None
    except EncryptionError:  # its key is gone, and so is the token
        pair = None
    return StoredToken(id=row.pk, ciphertext=row.ciphertext, pair=pair, expires_at=row.expires_at)


def take_lease(stored: StoredToken, seconds: float) -> datetime | None:
    """Take it upon oneself to renew ``stored``, until the time that is returned.

    None while somebody else does, or has: then the row is to be read again.
    """
    now = timezone.now()
    until = now + timedelta(seconds=seconds)
    free = OAuthToken.objects.free(now).filter(pk=stored.id, ciphertext=stored.ciphertext)
    return until if free.update(renewed_until=until) else None


def keep(stored: StoredToken, renewed: Renewed) -> bool:
    """Store new tokens even if the lease was lost: the old ones have no use.

    False when the session has ended meanwhile.
    """
    row = OAuthToken(pk=stored.id)
    row.seal(renewed.pair)
    rows = OAuthToken.objects.filter(pk=stored.id)
    return bool(
        rows.update(ciphertext=row.ciphertext, expires_at=renewed.expires_at, renewed_until=None)
    )


def give_up(stored: StoredToken, lease: datetime) -> None:
    """Write down that the provider takes the refresh token no longer."""
    OAuthToken.objects.filter(pk=stored.id, renewed_until=lease).update(
        ciphertext="", renewed_until=None
    )


def put_off(stored: StoredToken, lease: datetime, seconds: float) -> None:
    """Have the next try made in ``seconds``."""
    OAuthToken.objects.filter(pk=stored.id, renewed_until=lease).update(
        renewed_until=timezone.now() + timedelta(seconds=seconds)
    )
