"""Secrets the gateway makes for itself and keeps encrypted in the database."""

from __future__ import annotations

import secrets
from functools import lru_cache

from django.db import models

from accounts.encryption import keyring

API_KEY_PEPPER = "api-key-pepper"


class StoredSecret(models.Model):
    """A secret the gateway made for itself, encrypted. Its row doubles as the start-up canary."""

    name = models.CharField(max_length=50, primary_key=True)
    ciphertext = models.TextField()

    def __str__(self) -> str:
        return self.name

    @property
    def bound_to(self) -> str:
        """What the ciphertext is bound to."""
        return f"accounts.storedsecret:{self.name}"

    def reveal(self) -> str:
        """Raises :class:`accounts.encryption.EncryptionError` when the secret cannot be read."""
        return keyring().decrypt(self.ciphertext, bound_to=self.bound_to)


@lru_cache(maxsize=1)
def api_key_pepper() -> bytes:
    """The key of the HMAC under which API keys are stored. Made at first use.

    It lives in the database, encrypted, so that every worker shares it, a stolen dump does not
    hold it in the clear, and rotating ``ENCRYPTION_KEYS`` leaves issued keys alone.
    Raises :class:`accounts.encryption.EncryptionError` when it cannot be read.
    """
    bound_to = StoredSecret(name=API_KEY_PEPPER).bound_to
    row, _ = StoredSecret.objects.get_or_create(
        name=API_KEY_PEPPER,
        defaults={"ciphertext": keyring().encrypt(secrets.token_hex(32), bound_to=bound_to)},
    )
    return bytes.fromhex(row.reveal())
