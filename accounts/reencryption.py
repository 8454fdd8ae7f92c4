"""Moving stored ciphertexts to the newest encryption key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.apps import apps
from django.db import models, transaction

from accounts.encryption import EncryptionError, key_id_of, keyring

BATCH_SIZE = 200
Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reencryption:
    """``unreadable`` are sentences: which row, and why it stays as it is."""

    moved: int = 0
    current: int = 0
    unreadable: tuple[str, ...] = ()

    def __add__(self, other: Reencryption) -> Reencryption:
        return Reencryption(
            moved=self.moved + other.moved,
            current=self.current + other.current,
            unreadable=self.unreadable + other.unreadable,
        )


def encrypted_models() -> Iterator[type[Any]]:
    """Every model with a ``ciphertext``, which is bound to the ``bound_to`` of its row."""
    return (model for model in apps.get_models() if hasattr(model, "ciphertext"))


def reencrypt(
    rows: models.QuerySet[Row],
    *,
    bound_to: Callable[[Row], str],
    column: str = "ciphertext",
    dry_run: bool = False,
) -> Reencryption:
    """Encrypt the ``column`` of ``rows`` again under the first of ``ENCRYPTION_KEYS``.

    One transaction per batch, so that a large table is never locked for long and a second run goes
    on where the first one ended. An unreadable secret stays unchanged.
    """
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    result = Reencryption()
    for start in range(0, len(keys), BATCH_SIZE):
        with transaction.atomic():
            batch = rows.filter(pk__in=keys[start : start + BATCH_SIZE]).select_for_update()
            for row in batch:
                result += _reencrypt_row(row, column, bound_to(row), dry_run=dry_run)
    return result


def _reencrypt_row(row: Any, column: str, bound_to: str, *, dry_run: bool) -> Reencryption:
    ciphertext: str = getattr(row, column)
    if key_id_of(ciphertext) == keyring().primary.id:
        return Reencryption(current=1)
    try:
        plaintext = keyring().decrypt(ciphertext, bound_to=bound_to)
    except EncryptionError as exc:
        return Reencryption(unreadable=(f"{bound_to}: {exc}",))
    if not dry_run:
        written = {column: keyring().encrypt(plaintext, bound_to=bound_to)}
        # update() sends no signal: the secret is the same, so workers need not load it again.
        type(row).objects.filter(pk=row.pk).update(**written)
    return Reencryption(moved=1)
