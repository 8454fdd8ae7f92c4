from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.db import transaction

from accounts.management.command import DONE, GatehouseCommand
from accounts.management.errors import UsageError
from connections.configuration.difference import summary
from gateway_project.config_file.applying import apply_document
from gateway_project.config_file.document import read_document
from gateway_project.config_file.source import ConfigFileError


class Command(GatehouseCommand):
    help = "Apply a configuration file: connections, grants, groups and settings. All or nothing."
    examples = (
        "gatehouse.yaml --dry-run",
        "gatehouse.yaml",
    )
    exits = {0: DONE, 2: "the file cannot be read or used; nothing was changed"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would change and change nothing"
        )

    def handle(self, *, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            document = read_document(_read(file))
            with transaction.atomic():
                differences = apply_document(document)
                transaction.set_rollback(dry_run)
        except ConfigFileError as exc:
            raise UsageError(f"{file}: {exc}") from exc
        for difference in differences:
            self.stdout.write(str(difference))
        self.stdout.write(summary(differences))
        if dry_run:
            self.stderr.write("This was a dry run: nothing was written.")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise UsageError(f"{file} cannot be read: {exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        raise UsageError(f"{file} is not UTF-8 text.") from exc
