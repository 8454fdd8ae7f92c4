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
    """``warnings`` tell of the environment, which system checks do, too. ``kept`` tell of stored
    connections that are not as the environment says.
    """

    differences: tuple[Difference, ...]
    warnings: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@transaction.atomic
def sync_environment(*, may_disable_all: bool = True) -> SyncResult:
    """Add and change what the environment names; disable what it no longer does.

    Without ``may_disable_all`` an environment that names no connection changes none: it may be that
    of a process that was never given the variables.

    A connection of the same name that someone made by hand or by a file is theirs and stays. One
    that is described in a way that cannot be used stays as it was, with a warning.
    """
    changes.lock_configuration()
    found = environment_connections()
    kept: list[str] = []
    differences: list[Difference] = []
    for spec in found.specs:
        if Connection.objects.filter(name=spec.name, is_from_environment=False).exists():
            kept.append(
                f"The connection {spec.name} is managed here; the one of that name in the "
                "environment is not used."
            )
            continue
        try:
            differences.append(upsert(spec, is_from_environment=True))
        except EntryError as exc:
            kept.append(f"A connection of the environment is left out. {exc}")
    vanished = _vanished({spec.name for spec in found.specs} | found.left_out)
    if vanished and not (may_disable_all or found.specs or found.left_out):
        kept.append(_stay(vanished))
    else:
        differences += _disabled(vanished)
    return SyncResult(differences=tuple(differences), warnings=found.warnings, kept=tuple(kept))


def _vanished(names: set[str]) -> list[Connection]:
    """The enabled connections of the environment that ``names`` does not hold."""
    return list(Connection.objects.from_environment().enabled().exclude(name__in=names))


def _stay(rows: list[Connection]) -> str:
    named = ", ".join(row.name for row in rows)
    return (
        f"The environment names no connection, and these that came from it stay: {named}. "
        "Set OPENAI_API_BASE_URLS and OPENAI_API_KEYS again, or have `bootstrap` disable them."
    )


def _disabled(vanished: list[Connection]) -> list[Difference]:
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
