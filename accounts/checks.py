"""System checks of what protects keys and secrets."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from accounts.encryption import EncryptionKey, keyring


@register(Tags.security)
def check_encryption_keys(**kwargs: Any) -> list[CheckMessage]:
    if not settings.ENCRYPTION_KEYS:
        return [
            Error(
                "ENCRYPTION_KEYS is empty.",
                hint="Set it to one or more url-safe base64 keys of 32 bytes, newest first.",
                id="accounts.E001",
            )
        ]
    found: list[CheckMessage] = []
    for number, text in enumerate(settings.ENCRYPTION_KEYS, start=1):
        try:
            EncryptionKey.parse(text)
        except ValueError as exc:
            found.append(
                Error(
                    f"Key {number} of ENCRYPTION_KEYS cannot be used: {exc}.",
                    hint='python -c "import base64,os;'
                    'print(base64.urlsafe_b64encode(os.urandom(32)).decode())" makes one.',
                    id="accounts.E002",
                )
            )
    return found


@register(Tags.security)
def check_token_issuer(**kwargs: Any) -> list[CheckMessage]:
    from accounts.bearer_tokens import ALGORITHMS

    found: list[CheckMessage] = []
    if not settings.GATEWAY_JWT_ISSUER:
        return found
    if not settings.GATEWAY_JWT_AUDIENCE:
        found.append(
            Error(
                "GATEWAY_JWT_ISSUER is set, but not GATEWAY_JWT_AUDIENCE.",
                hint="Without it, a token that was made for any other service would be accepted.",
                id="accounts.E004",
            )
        )
    if unknown := sorted(set(settings.GATEWAY_JWT_ALGORITHMS) - ALGORITHMS):
        found.append(
            Error(
                f"GATEWAY_JWT_ALGORITHMS holds {', '.join(unknown)}.",
                hint=f"Choose among {', '.join(sorted(ALGORITHMS))}.",
                id="accounts.E005",
            )
        )
    return found


@register(Tags.database)
def check_stored_secrets(*, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Start-up canary: the secrets in the database can be read with the keys at hand."""
    from accounts.models import StoredSecret

    if not databases or check_encryption_keys():
        return []
    try:
        unreadable = [
            row for row in StoredSecret.objects.all() if not keyring().can_read(row.ciphertext)
        ]
    except DatabaseError:  # before the first migration
        return []
    return [
        Error(
            f"The stored secret {row.name!r} was encrypted with a key that ENCRYPTION_KEYS lacks "
            f"(key id {row.ciphertext.split('.')[1]}).",
            hint="Put that key back behind the newer ones and run manage.py rotate_encryption.",
            id="accounts.E003",
        )
        for row in unreadable
    ]
