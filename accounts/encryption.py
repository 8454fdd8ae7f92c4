"""Encryption at rest: AES-256-GCM under ``ENCRYPTION_KEYS``, each ciphertext bound to its row.

``ENCRYPTION_KEYS`` is a list of url-safe base64 keys of 32 bytes. The first encrypts, all decrypt;
so a rotation puts the new key in front, runs ``manage.py rotate_encryption`` and then drops the old
one. A ciphertext reads ``v1.<key id>.<nonce and data>``. The key id is a public fingerprint, which
lets an error name the missing key without having it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

FORMAT = "v1"
KEY_BYTES = 32
NONCE_BYTES = 12


class EncryptionError(Exception):
    """A ciphertext cannot be read. The message is safe to show."""


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    raw: bytes = field(repr=False)

    @property
    def id(self) -> str:
        return hashlib.sha256(b"gatehouse-encryption-key-id" + self.raw).hexdigest()[:8]

    @classmethod
    def parse(cls, text: str) -> EncryptionKey:
        """Raises ``ValueError`` unless ``text`` is url-safe base64 of 32 bytes."""
        try:
            raw = base64.b64decode(text.strip().encode(), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError) as exc:
            raise ValueError("not url-safe base64") from exc
        if len(raw) != KEY_BYTES:
            raise ValueError(f"{len(raw)} bytes instead of {KEY_BYTES}")
        return cls(raw)

    @staticmethod
    def generate_text() -> str:
        return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


class Keyring:
    """Encrypts with its first key and decrypts with any of them."""

    def __init__(self, keys: list[EncryptionKey]) -> None:
        if not keys:
            raise ValueError("at least one encryption key is needed")
        self.primary = keys[0]
        self._by_id = {key.id: key for key in keys}

    def encrypt(self, plaintext: str, *, bound_to: str) -> str:
        """``bound_to`` names the row; decrypting for another row fails."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self.primary.raw).encrypt(nonce, plaintext.encode(), bound_to.encode())
        body = base64.urlsafe_b64encode(nonce + sealed).decode()
        return f"{FORMAT}.{self.primary.id}.{body}"

    def decrypt(self, ciphertext: str, *, bound_to: str) -> str:
        """Raises :class:`EncryptionError` for a missing key or a text that is not this row's."""
        version, _, rest = ciphertext.partition(".")
        key_id, _, body = rest.partition(".")
        if version != FORMAT or not body:
            raise EncryptionError("the stored secret has an unknown format")
        key = self._by_id.get(key_id)
        if key is None:
            raise EncryptionError(
                f"the encryption key with id {key_id} is missing from ENCRYPTION_KEYS"
            )
        try:
            data = base64.urlsafe_b64decode(body.encode())
            sealed = data[NONCE_BYTES:]
            return AESGCM(key.raw).decrypt(data[:NONCE_BYTES], sealed, bound_to.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as exc:
            raise EncryptionError("the stored secret was altered or belongs elsewhere") from exc

    def can_read(self, ciphertext: str) -> bool:
        """Whether the key that made ``ciphertext`` is present. Does not decrypt."""
        return key_id_of(ciphertext) in self._by_id


def key_id_of(ciphertext: str) -> str:
    """The public id of the key that made ``ciphertext``, empty when it has none."""
    parts = ciphertext.split(".", 2)
    return parts[1] if len(parts) == 3 and parts[0] == FORMAT else ""


def keyring() -> Keyring:
    """The keyring of the running settings."""
    return _keyring(tuple(settings.ENCRYPTION_KEYS))


@lru_cache(maxsize=4)
def _keyring(texts: tuple[str, ...]) -> Keyring:
    return Keyring([EncryptionKey.parse(text) for text in texts])
