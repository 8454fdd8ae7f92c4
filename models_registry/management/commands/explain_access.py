from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser
from typing import Any

from accounts.management.command import GatehouseCommand, add_json_argument
from models_registry.explanation import Explanation, explain
from models_registry.management.users import find_user
from models_registry.one_off import current_snapshot

DENIED = 1  # the exit code; 2 is for usage, as argparse has it


class Command(GatehouseCommand):
    help = "Say why a user may use a model, or why not."
    examples = (
        "alice gpt-4o",
        "alice gpt-4o --json",
    )
    exits = {0: "they may", 1: "they may not", 2: "the user does not exist"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", metavar="USER")
        parser.add_argument("model", metavar="MODEL", help="an id as clients write it")
        add_json_argument(parser)

    def handle(self, *, user: str, model: str, json: bool, **options: Any) -> None:
        found = find_user(user)
        explanation = explain(asyncio.run(current_snapshot()), found, model)
        if json:
            answer = {"user": user, "model": model}
            answer |= explanation.as_json()
            self.write_json(answer)
        else:
            self._show(explanation)
        if not explanation.is_allowed:
            sys.exit(DENIED)

    def _show(self, explanation: Explanation) -> None:
        self.stdout.write(explanation.summary)
        for route in explanation.routes:
            because = "; ".join(route.because) or "not granted"
            stale = ", not heard from lately" if route.target.is_stale else ""
            self.stdout.write(f"  {route.target.qualified_id}{stale}: {because}")
        for note in explanation.notes:
            self.stdout.write(f"  {note}")
