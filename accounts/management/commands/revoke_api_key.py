from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from accounts.management.api_key_argument import add_api_key_argument, find_api_key
from accounts.management.command import DONE, GatehouseCommand
from accounts.models import ApiKey, EarlierKey, KeyState


class Command(GatehouseCommand):
    help = (
        "Refuse a key from now on, for good, with all its earlier secrets. The hint of an earlier "
        "secret ends that secret alone."
    )
    examples = (
        "sk-gw-…4f2A",
        "4f2A --earlier",
    )
    exits = {0: f"{DONE}, or nothing to do", 2: "no key, or several, are meant"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_api_key_argument(parser)
        parser.add_argument(
            "--earlier",
            action="store_true",
            help="end all earlier secrets of the key; the present one goes on working",
        )

    def handle(self, *, key: str, earlier: bool, **options: Any) -> None:
        found = find_api_key(key)
        row = found.row
        if row.revoked_at is not None:
            self.stdout.write(f"Nothing to do: {row} of {row.user} is revoked already.")
        elif earlier:
            self._end(row, list(row.earlier_keys.overlapping()))
        elif found.earlier is not None:
            self._end(row, [] if found.earlier.has_ended else [found.earlier])
        else:
            row.revoke()
            self.stdout.write(f"Revoked {row} of {row.user}.")

    def _end(self, row: ApiKey, secrets: list[EarlierKey]) -> None:
        """End ``secrets`` of ``row``, and say so, and that the present one is no part of them."""
        for secret in secrets:
            secret.end()
            self.stdout.write(f"Ended the earlier secret {secret.shown_hint} of {row.user}.")
        if not secrets:
            self.stdout.write("Nothing to do: no such earlier secret works any more.")
        if row.state is KeyState.ACTIVE:
            self.stdout.write(f"{row} itself goes on working; its id {row.pk} revokes it.")
