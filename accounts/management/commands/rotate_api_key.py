from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.encryption import EncryptionError
from accounts.management.api_key_argument import add_api_key_argument, find_api_key
from accounts.management.command import DONE, GatehouseCommand, add_json_argument
from accounts.management.durations import duration
from accounts.models import DEFAULT_OVERLAP, KeyEndedError


class Command(GatehouseCommand):
    help = (
        "Renew a key and print the new one, this once. The one before goes on working for a while; "
        "the id, the scopes and the history stay."
    )
    examples = (
        "sk-gw-…4f2A",
        "4f2A --grace 7d",
        "4f2A --grace 0",
    )
    exits = {0: DONE, 1: "the key has ended", 2: "no key, or several, are meant"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_api_key_argument(parser)
        parser.add_argument(
            "--grace",
            type=duration,
            default=DEFAULT_OVERLAP,
            metavar="24h",
            help="how long the key before goes on working; 0 ends it at once",
        )
        add_json_argument(parser)

    def handle(self, **options: Any) -> None:
        found = find_api_key(options["key"])
        row = found.row
        try:
            key = row.rotate(overlap=options["grace"])
        except (KeyEndedError, EncryptionError) as exc:
            raise CommandError(f"The key cannot be rotated. {exc}") from exc
        if options["json"]:
            self.write_json({"key": key, "id": str(row.pk), "user": row.user.username})
            return
        if found.earlier is not None:
            self.stderr.write(f"{found.earlier.shown_hint} was an earlier secret of {row}.")
        last = row.earlier_keys.order_by("expires_at").last()
        until = f"works until {last.expires_at:%Y-%m-%d %H:%M} UTC" if last else "has ended"
        self.stderr.write(f"The key before {until}. The new key is shown this once:")
        self.stdout.write(key)
