from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.encryption import keyring
from accounts.management.command import DONE, GatehouseCommand
from accounts.reencryption import encrypted_models, reencrypt
from accounts.sign_in.second_factors import reencrypt_second_factors
from connections.models import Connection


class Command(GatehouseCommand):
    help = "Encrypt every stored secret again with the first of ENCRYPTION_KEYS."
    examples = (
        "--dry-run",
        "",
    )
    exits = {0: DONE, 1: "something cannot be read with the keys at hand"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count and change nothing")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        result = reencrypt_second_factors(dry_run=dry_run)
        for model in encrypted_models():
            result += reencrypt(
                model.objects.exclude(ciphertext=""),
                bound_to=lambda row: row.bound_to,
                dry_run=dry_run,
            )
        result += reencrypt(
            Connection.objects.exclude(proxy_ciphertext=""),
            bound_to=lambda row: row.proxy_bound_to,
            column="proxy_ciphertext",
            dry_run=dry_run,
        )
        verb = "would be encrypted again" if dry_run else "encrypted again"
        self.stdout.write(
            f"{result.moved} {verb} with key {keyring().primary.id}, {result.current} already were."
        )
        for sentence in result.unreadable:
            self.stderr.write(f"Left untouched: {sentence}.")
        if result.unreadable:
            raise CommandError(
                f"{len(result.unreadable)} cannot be read. Put the missing key back into "
                "ENCRYPTION_KEYS, behind the newer ones, and run this again."
            )
        if not dry_run:
            self.stderr.write("Once every worker runs with the new list, older keys may go.")
