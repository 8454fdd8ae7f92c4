"""Whether the database has the tables that this version of the code expects.

behind   a migration of this version is missing: every call would fail, so none is taken
ahead    it has migrations that this version does not know: it was migrated by a later one, which
         keeps the version before working; told, and no more
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from channels.db import database_sync_to_async
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from infrastructure.outages import Cause, outages

BEHIND = Cause(
    lost="This worker is not ready and answers 503",
    back="The database is migrated; this worker serves",
)
AHEAD = Cause(
    lost="The database is ahead of this version", back="The database is of this version again"
)
Name = tuple[str, str]  # of an app, and of its migration


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """``missing`` and ``unknown`` are migrations, written ``app.name``, in order."""

    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def is_behind(self) -> bool:
        return bool(self.missing)

    @property
    def is_ahead(self) -> bool:
        return bool(self.unknown) and not self.missing

    @property
    def reason(self) -> str:
        """The difference in words, with the remedy; empty if there is none."""
        if self.missing:
            return (
                f"The database lacks {_named(self.missing)}. Run `manage.py migrate`; "
                "the gateway goes on by itself then."
            )
        if self.unknown:
            return (
                f"The database has {_named(self.unknown)} of a later version. That is meant for a "
                "roll back of one version; upgrade again soon."
            )
        return ""


@dataclass(frozen=True, slots=True)
class _Known:
    """The migrations of this version: each name, and the names it replaces."""

    replaces: dict[Name, frozenset[Name]]

    def compared(self, applied: Iterable[Name]) -> Schema:
        applied = frozenset(applied)
        missing = [
            name
            for name, replaced in self.replaces.items()
            if name not in applied and not (replaced and replaced <= applied)
        ]
        last: dict[str, str] = {}
        for app, name in self.replaces:
            last[app] = max(name, last.get(app, ""))
        # An earlier name that is unknown here was squashed away.
        unknown = [(app, name) for app, name in applied if app in last and name > last[app]]
        return Schema(missing=_written(missing), unknown=_written(unknown))


def compared_schema() -> Schema:
    """How the database compares with the code. Raises ``django.db.Error``."""
    return _known().compared(MigrationRecorder(connection).applied_migrations())


@database_sync_to_async
def current_schema() -> Schema:
    """As ``compared_schema`` has it, for a worker: what is new is logged."""
    schema = compared_schema()
    for cause, is_so in ((BEHIND, schema.is_behind), (AHEAD, schema.is_ahead)):
        if is_so:
            outages.begin(cause, schema.reason)
        else:
            outages.end(cause)
    return schema


@cache
def _known() -> _Known:
    """Read once: the files are part of the version that runs."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return _Known(
        {
            name: frozenset((app, replaced) for app, replaced in migration.replaces)
            for name, migration in loader.disk_migrations.items()
        }
    )


def _written(names: Iterable[Name]) -> tuple[str, ...]:
    return tuple(sorted(f"{app}.{name}" for app, name in names))


def _named(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    kind = "migrations" if len(names) > 1 else "migration"
    return f"the {kind} {names[0]}{more}"
