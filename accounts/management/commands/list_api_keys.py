from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.table import Table

from accounts.management.errors import UsageError
from accounts.models import UNKNOWN_HINT, ApiKey, EarlierKey, KeyState, User

COLUMNS = ("hint", "user", "name", "state", "scopes", "last_used_at", "expires_at", "id")

PIPED_WIDTH = 200
UNKNOWN_HINTS = (
    f"The hint of a secret shown as {UNKNOWN_HINT} is not known: it was rotated before hints were "
    "kept. revoke_api_key ID --earlier ends it."
)


class Command(BaseCommand):
    help = "Show the API keys: never the keys themselves, but what tells them apart."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", metavar="U", help="of this user alone")
        parser.add_argument("--all", action="store_true", help="also those revoked or expired")
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        rows = ApiKey.objects.select_related("user").prefetch_related("earlier_keys")
        if options["user"] is not None:
            if not User.objects.filter(username=options["user"]).exists():
                raise UsageError(f"There is no user named {options['user']!r}.")
            rows = rows.filter(user__username=options["user"])
        entries = [_entry(row) for row in rows if options["all"] or row.state is KeyState.ACTIVE]
        if options["json"]:
            self.stdout.write(json.dumps({"schema_version": 1, "keys": entries}))
        else:
            output = cast("TextIO", self.stdout)
            width = None if output.isatty() else PIPED_WIDTH
            Console(file=output, width=width, highlight=False, markup=False).print(_table(entries))
            if any(not each["hint"] for entry in entries for each in entry["earlier_secrets"]):
                self.stderr.write(UNKNOWN_HINTS)


def _entry(row: ApiKey) -> dict[str, Any]:
    earlier = sorted(_working(row), key=lambda key: key.expires_at)
    return {
        "id": str(row.pk),
        "hint": row.hint,
        "user": row.user.username,
        "name": row.name,
        "state": row.state.value,
        "scopes": row.scopes,
        "model_patterns": row.model_patterns,
        "is_resumable": row.is_resumable,
        "created_at": _moment(row.created_at),
        "expires_at": _moment(row.expires_at),
        "rotated_at": _moment(row.rotated_at),
        "last_used_at": _moment(row.last_used_at),
        "earlier_keys_end_at": [_moment(key.expires_at) for key in earlier],
        "earlier_secrets": [
            {"hint": key.hint or None, "ends_at": _moment(key.expires_at)} for key in earlier
        ],
    }


def _working(row: ApiKey) -> list[EarlierKey]:
    """The secrets before the present one that are still accepted."""
    if row.state is not KeyState.ACTIVE:
        return []
    return [key for key in row.earlier_keys.all() if not key.has_ended]


def _lines(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A line for the key, and one for each earlier secret of it that still works."""
    yield entry
    for earlier in entry["earlier_secrets"]:
        hint = earlier["hint"] or UNKNOWN_HINT
        times = {"last_used_at": None, "expires_at": earlier["ends_at"]}
        yield entry | times | {"hint": hint, "state": "earlier secret"}


def _table(entries: list[dict[str, Any]]) -> Table:
    table = Table(*(column.removesuffix("_at").replace("_", " ") for column in COLUMNS), box=None)
    for entry in entries:
        for line in _lines(entry):
            table.add_row(*(_cell(line[column]) for column in COLUMNS))
    return table


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else value or "–"


def _moment(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None
