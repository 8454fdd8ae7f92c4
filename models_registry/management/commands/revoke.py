from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from accounts.management.command import DONE, GatehouseCommand
from models_registry.management.grantee_arguments import add_grantee_arguments, find_grantee


class Command(GatehouseCommand):
    help = "Take back what grant gave, by the same pattern."
    examples = (
        "'openai/*' --group researchers",
        "gpt-4o-mini --everyone",
    )
    exits = {0: f"{DONE}, or nothing to do", 2: "no such group or user"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_grantee_arguments(parser)

    def handle(self, *, pattern: str, group: str | None, user: str | None, **options: Any) -> None:
        grantee = find_grantee(group=group, user=user)
        if grantee.revoke(pattern):
            self.stdout.write(f"Revoked {pattern} from {grantee}.")
        else:
            self.stdout.write(f"Nothing to do: {pattern} was not granted to {grantee}.")
        if remaining := grantee.patterns():
            self.stderr.write(f"Still granted to {grantee}: {', '.join(remaining)}.")
