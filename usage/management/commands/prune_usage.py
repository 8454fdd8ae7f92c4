from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from accounts.management.command import GatehouseCommand
from accounts.management.durations import duration
from usage.models import UsageRow
from usage.periods import in_words
from usage.pruning import cutoff, prune


class Command(GatehouseCommand):
    help = "Turn old usage records into totals by day."
    examples = (
        "--older-than 90d --dry-run",
        "--older-than 12w",
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than",
            type=duration,
            default="90d",
            metavar="SPAN",
            help="such as 90d, the default, or 12w",
        )
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *, older_than: timedelta, dry_run: bool, **options: Any) -> None:
        before = cutoff(older_than)
        if dry_run:
            count = UsageRow.objects.filter(accepted_at__lt=before).count()
            self.stdout.write(f"{count} records before {in_words(before)} would become totals.")
            return
        self.stdout.write(f"{prune(older_than)} records before {in_words(before)} are totals now.")
