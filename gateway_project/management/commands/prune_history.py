from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.management.command import GatehouseCommand
from accounts.management.durations import duration
from usage.periods import in_words


class Command(GatehouseCommand):
    help = "Delete old entries of the history of changes."
    examples = (
        "--older-than 365d --dry-run",
        "--older-than 52w",
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than",
            type=duration,
            required=True,
            metavar="SPAN",
            help="such as 365d or 52w",
        )
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *, older_than: timedelta, dry_run: bool, **options: Any) -> None:
        from auditlog.models import LogEntry

        from gateway_project.history.pruning import prune

        now = datetime.now(UTC)
        before = in_words(now - older_than)
        if dry_run:
            count = LogEntry.objects.filter(timestamp__lt=now - older_than).count()
            self.stdout.write(f"{count} changes before {before} would be forgotten.")
            return
        self.stdout.write(f"{prune(older_than, now=now)} changes before {before} are forgotten.")
