from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser
from typing import Any

from accounts import changes
from accounts.management.command import DONE, GatehouseCommand, add_json_argument
from accounts.management.errors import UsageError
from connections.calling.resolve import resolve
from connections.models import Connection
from models_registry.syncing import Synced, sync_all

FAILED = 1  # the exit code; 2 is for usage, as argparse has it
MOST_NAMED = 8


class Command(GatehouseCommand):
    help = (
        "Ask every enabled connection for its models now and have the workers take up what is new."
    )
    examples = (
        "--dry-run",
        "",
        "--json",
    )
    exits = {0: DONE, 1: "one gives no list", 2: "there is no enabled connection"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="ask, but change nothing")
        add_json_argument(parser)

    def handle(self, *, dry_run: bool, json: bool, **options: Any) -> None:
        rows = Connection.objects.enabled().by_priority().prefetch_related("keys")
        upstreams = [resolve(row) for row in rows]
        if not upstreams:
            raise UsageError("There is no enabled connection.")
        synced = asyncio.run(sync_all(upstreams, is_dry_run=dry_run))
        if not dry_run:
            changes.bump()
        if json:
            connections = [each.as_json() for each in synced]
            answer = {"connections": connections}
            self.write_json(answer)
        else:
            for each in synced:
                self.stdout.write(_line(each))
        if any(each.error for each in synced):
            sys.exit(FAILED)


def _line(synced: Synced) -> str:
    count = len(synced.models)
    parts = [f"{count} model{'' if count == 1 else 's'}"]
    for word, models in (
        ("new", synced.new),
        ("gone", synced.gone),
        ("not listed by the upstream", synced.unlisted),
    ):
        if models:
            parts.append(f"{len(models)} {word} ({_named(models)})")
    if synced.error:
        parts.append(f"no list: {synced.error}")
    return f"{synced.connection}: {', '.join(parts)}"


def _named(models: tuple[str, ...]) -> str:
    shown = ", ".join(models[:MOST_NAMED])
    return f"{shown}, …" if len(models) > MOST_NAMED else shown
