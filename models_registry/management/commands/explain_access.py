from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser
from typing import Any

import orjson
from django.core.management.base import BaseCommand

from models_registry.explanation import Explanation, explain
from models_registry.management.users import find_user
from models_registry.one_off import current_snapshot

SCHEMA_VERSION = 1
DENIED = 1  # the exit code; 2 is for usage, as argparse has it


class Command(BaseCommand):
    help = "Say why a user may use a model, or why not. Exits with 0 when they may, with 1 if not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", metavar="USER")
        parser.add_argument("model", metavar="MODEL", help="an id as clients write it")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, user: str, model: str, json: bool, **options: Any) -> None:
        found = find_user(user)
        explanation = explain(asyncio.run(current_snapshot()), found, model)
        if json:
            answer = {"schema_version": SCHEMA_VERSION, "user": user, "model": model}
            answer |= explanation.as_json()
            self.stdout.write(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
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
