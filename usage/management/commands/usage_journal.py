from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import Error

from accounts.management.command import DONE, GatehouseCommand, add_json_argument
from usage.flusher import move_segment
from usage.journal import segments
from usage.journal_state import journal_state
from usage.redis_state import flush_redis, redis_state


class Command(GatehouseCommand):
    help = "Look after the usage journal of this machine, and the one in Redis."
    examples = (
        "status",
        "verify",
        "flush --json",
    )
    exits = {0: DONE, 1: "a line is torn, or the database or Redis does not answer"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        for name, text in {
            "status": "what waits for the database",
            "flush": "move what no worker writes any more into the database",
            "verify": "read every line; exit 1 if one is torn",
        }.items():
            action = actions.add_parser(name, help=text)
            add_json_argument(action)

    def handle(self, *, action: str, json: bool, **options: Any) -> None:
        directory = settings.DATA_DIR / "journal"
        if action == "flush":
            self._report(self._flush(directory), as_json=json)
            return
        found = journal_state(directory) | redis_state()
        self._report(found, as_json=json)
        if action == "verify" and (found["torn"] or found.get("torn_in_redis")):
            raise CommandError("Torn lines are records that a full disk or a lost machine cut off.")

    def _flush(self, directory: Path) -> dict[str, int]:
        try:
            moved = sum(move_segment(path) for path in segments(directory))
            return {"moved": moved} | flush_redis()
        except Error as exc:
            raise CommandError(f"Nothing is lost, but the database says: {exc}") from exc

    def _report(self, figures: dict[str, int], *, as_json: bool) -> None:
        if as_json:
            self.write_json(figures)
            return
        for name, figure in figures.items():
            self.stdout.write(f"{name:<14}{figure:>12,}")
