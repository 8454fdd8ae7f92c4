from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from typing import Any

from accounts.management.command import DONE, GatehouseCommand, add_json_argument
from models_registry.explanation import caller_of
from models_registry.management.users import find_user
from models_registry.one_off import current_snapshot
from models_registry.targets import Target


class Command(GatehouseCommand):
    help = (
        "Show the models that a user may use, as a key of theirs that is not narrowed lists them."
    )
    examples = (
        "--user alice",
        "--user alice --all --json",
    )
    exits = {0: DONE, 2: "the user does not exist"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", metavar="U", required=True)
        parser.add_argument(
            "--all", action="store_true", help="also those that are not for chat, as ?all=true"
        )
        add_json_argument(parser)

    def handle(self, *, user: str, json: bool, **options: Any) -> None:
        caller = caller_of(find_user(user))
        view = asyncio.run(current_snapshot()).view(caller)
        listed = (view if options["all"] else view.for_chat()).listed()
        if json:
            models = [_as_json(model_id, target) for model_id, target in listed]
            answer = {"user": user, "models": models}
            self.write_json(answer)
            return
        for model_id, target in listed:
            self.stdout.write(f"{model_id}  ({target.qualified_id})")
        if not listed:
            self.stderr.write(f"{user} may use no model. grant PATTERN --user {user} changes that.")


def _as_json(model_id: str, target: Target) -> dict[str, Any]:
    return {
        "id": model_id,
        "connection": target.connection.upstream.name,
        "upstream_model": target.model,
        "is_chat": target.is_chat,
        "is_stale": target.is_stale,
    }
