"""JSON that is encrypted for one row."""

from __future__ import annotations

from typing import Any

from accounts.encryption import EncryptionError, keyring
from wire_formats.json_numbers import read_json, write_json


class UnreadableRowError(Exception):
    """The row was written with a key that is missing, or was altered."""


def sealed(value: Any, *, bound_to: str) -> str:
    """``value`` as a ciphertext that only the row named ``bound_to`` can be read from."""
    return keyring().encrypt(write_json(value).decode(), bound_to=bound_to)


def unsealed(ciphertext: str, *, bound_to: str) -> Any:
    """The value of a row. Raises ``UnreadableRowError``."""
    try:
        return read_json(keyring().decrypt(ciphertext, bound_to=bound_to).encode())
    except EncryptionError as exc:
        raise UnreadableRowError(str(exc)) from exc
