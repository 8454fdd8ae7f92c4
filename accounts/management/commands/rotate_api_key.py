from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.encryption import EncryptionError
from accounts.management.api_key_argument import add_api_key_argument, find_api_key
from accounts.management.durations import duration
from accounts.models import DEFAULT_OVERLAP, KeyEndedError


class Command(BaseCommand):
    help = (
        "Renew a key and print the new one, this once. The one before goes on working for a while; "
        "the id, the scopes and the history stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_api_key_argument(parser)
        parser.add_argument(
            "--grace",
            type=duration,
            default=DEFAULT_OVERLAP,
            metavar="24h",
            help="how long the key before goes on working; 0 ends it at once",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        found = find_api_key(options["key"])
        row = found.row
        try:
            key = row.rotate(overlap=options["grace"])
        except (KeyEndedError, EncryptionError) as exc:
            raise CommandError(f"The key cannot be rotated. {exc}") from exc
        if options["json"]:
            answer = {"schema_version": 1, "key": key, "id": str(row.pk), "user": row.user.username}
            self.stdout.write(json.dumps(answer))
            return
        if found.earlier is not None:
            self.stderr.write(f"{found.earlier.shown_hint} was an earlier secret of {row}.")
        last = row.earlier_keys.order_by("expires_at").last()
        until = f"works until {last.expires_at:%Y-%m-%d %H:%M} UTC" if last else "has ended"
        self.stderr.write(f"The key before {until}. The new key is shown this once:")
        self.stdout.write(key)
