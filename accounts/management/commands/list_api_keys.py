from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from accounts.management.command import DONE, GatehouseCommand, add_json_argument
from accounts.management.errors import UsageError
from accounts.management.tables import records, table, width_of
from accounts.models import UNKNOWN_HINT, ApiKey, EarlierKey, KeyState, User

COLUMNS = ("hint", "user", "name", "state", "scopes", "last_used_at", "expires_at", "id")
SPEAKS_FOR_USERS = "speaks for users"
UNKNOWN_HINTS = (
    f"The hint of a secret shown as {UNKNOWN_HINT} is not known: it was rotated before hints were "
    "kept. revoke_api_key ID --earlier ends it."
)


class Command(GatehouseCommand):
    help = "Show the API keys: never the keys themselves, but what tells them apart."
    examples = (
        "",
        "--user alice --all",
        "--json",
    )
    exits = {0: DONE, 2: "the user does not exist"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", metavar="U", help="of this user alone")
        parser.add_argument("--all", action="store_true", help="also those revoked or expired")
        add_json_argument(parser)

    def handle(self, **options: Any) -> None:
        rows = ApiKey.objects.select_related("user", "unknown_users_group").prefetch_related(
            "earlier_keys"
        )
        if options["user"] is not None:
            if not User.objects.filter(username=options["user"]).exists():
                raise UsageError(f"There is no user named {options['user']!r}.")
            rows = rows.filter(user__username=options["user"])
        entries = [_entry(row) for row in rows if options["all"] or row.state is KeyState.ACTIVE]
        if options["json"]:
            self.write_json({"keys": entries})
        else:
            self.stdout.write(_text(entries, width_of(self.stdout)))
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
        "may_speak_for_users": row.may_speak_for_users,
        "unknown_users_group": row.unknown_users_group.name if row.unknown_users_group else None,
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
    if entry["may_speak_for_users"]:
        entry = entry | {"scopes": [*entry["scopes"], SPEAKS_FOR_USERS]}
    yield entry
    for earlier in entry["earlier_secrets"]:
        hint = earlier["hint"] or UNKNOWN_HINT
        times = {"last_used_at": None, "expires_at": earlier["ends_at"]}
        yield entry | times | {"hint": hint, "state": "earlier secret"}


def _text(entries: list[dict[str, Any]], width: int) -> str:
    """A table, or records where it is too wide: a hint or an id that is cut is of no use."""
    heads = [column.removesuffix("_at").replace("_", " ") for column in COLUMNS]
    rows = [
        [_cell(line[column]) for column in COLUMNS] for entry in entries for line in _lines(entry)
    ]
    text = table(heads, rows)
    fits = max(map(len, text.splitlines())) <= width
    return text if fits or not rows else records(heads, rows)


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else value or "–"


def _moment(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None
