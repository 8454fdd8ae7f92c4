from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.management.api_key_argument import add_api_key_argument, find_api_key


class Command(BaseCommand):
    help = "Refuse a key from now on, for good."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_api_key_argument(parser)

    def handle(self, *, key: str, **options: Any) -> None:
        row = find_api_key(key)
        if row.revoked_at is not None:
            self.stdout.write(f"Nothing to do: {row} of {row.user} is revoked already.")
            return
        row.revoke()
        self.stdout.write(f"Revoked {row} of {row.user}.")
