"""Keeping the connections that the environment describes as the environment describes them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from accounts import changes
from connections.configuration.difference import Difference, Kind
from connections.configuration.entry import EntryError
from connections.configuration.environment import environment_connections
from connections.configuration.upsert import upsert
from connections.models import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...]


@transaction.atomic
def sync_environment() -> SyncResult:
    """Add and change what the environment names; disable what it no longer does.

    A connection of the same name that someone made by hand or by a file is theirs and stays. One
    that is described in a way that cannot be used stays as it was, with a warning.
    """
    changes.lock_configuration()
    found = environment_connections()
    warnings = list(found.warnings)
    differences: list[Difference] = []
    for spec in found.specs:
        if Connection.objects.filter(name=spec.name, is_from_environment=False).exists():
            warnings.append(
                f"The connection {spec.name} is managed here; the one of that name in the "
                "environment is not used."
            )
            continue
        try:
            differences.append(upsert(spec, is_from_environment=True))
        except EntryError as exc:
            warnings.append(f"A connection of the environment is left out. {exc}")
    differences += _disable_vanished({spec.name for spec in found.specs} | found.left_out)
    return SyncResult(differences=tuple(differences), warnings=tuple(warnings))


def _disable_vanished(names: set[str]) -> list[Difference]:
    vanished = list(Connection.objects.from_environment().enabled().exclude(name__in=names))
    for row in vanished:
        row.is_enabled = False
        row.save(update_fields=["is_enabled", "updated_at"])
    return [
        Difference(
            subject=f"connection {row.name}",
            kind=Kind.CHANGED,
            details=("disabled, as the environment no longer names it",),
        )
        for row in vanished
    ]
