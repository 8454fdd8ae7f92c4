"""Secrets the gateway makes for itself and keeps encrypted in the database."""

from __future__ import annotations

import secrets as random
from functools import lru_cache

from accounts.encryption import keyring

API_KEY_PEPPER = "api-key-pepper"


@lru_cache(maxsize=1)
def api_key_pepper() -> bytes:
    """The key of the HMAC under which API keys are stored. Made at first use.

    It lives in the database, encrypted, so that every worker shares it, a stolen dump does not
    hold it in the clear, and rotating ``ENCRYPTION_KEYS`` leaves issued keys alone.
    Raises :class:`accounts.encryption.EncryptionError` when it cannot be read.
    """
    from accounts.models import StoredSecret

    row, _ = StoredSecret.objects.get_or_create(
        name=API_KEY_PEPPER,
        defaults={
            "ciphertext": keyring().encrypt(random.token_hex(32), bound_to=bound_to(API_KEY_PEPPER))
        },
    )
    return bytes.fromhex(keyring().decrypt(row.ciphertext, bound_to=bound_to(row.name)))


def bound_to(name: str) -> str:
    """What the ciphertext of the secret ``name`` is bound to."""
    return f"accounts.storedsecret:{name}"
