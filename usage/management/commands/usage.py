from __future__ import annotations

import csv
import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand

from accounts.departures import user_id_of
from accounts.management.errors import UsageError
from usage.periods import PeriodError, read_moment
from usage.reports import SUMS, By, Line, report

SHOWN = ("requests", "failed", "prompt_tokens", "completion_tokens", "cost", "unpriced")


class Command(BaseCommand):
    help = "Report usage and cost by user, model, connection, key or day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--by", choices=list(By), default=By.USER, help="default: user")
        parser.add_argument(
            "--since", default="7d", metavar="WHEN", help="7d (default), 12h, 2026-05-01"
        )
        parser.add_argument("--until", metavar="WHEN", help="default: now")
        parser.add_argument("--user", metavar="USERNAME", help="of this user alone")
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true")
        form.add_argument("--csv", action="store_true")

    def handle(
        self,
        *,
        by: str,
        since: str,
        until: str | None,
        user: str | None,
        json: bool,
        csv: bool,
        **options: Any,
    ) -> None:
        try:
            start = read_moment(since)
            end = read_moment(until) if until else datetime.now(UTC)
        except PeriodError as exc:
            raise UsageError(str(exc)) from exc
        lines = report(By(by), since=start, until=end, user_id=_user_id(user))
        if json:
            self._write_json(by, start, end, lines)
        elif csv:
            self._write_csv(by, lines)
        else:
            self._write_table(by, lines)

    def _write_json(
        self, by: str, since: datetime, until: datetime, lines: tuple[Line, ...]
    ) -> None:
        answer = {
            "schema_version": 1,
            "by": by,
            "since": since.isoformat(),
            "until": until.isoformat(),
            "data": [line.as_json() for line in lines],
        }
        self.stdout.write(json.dumps(answer))

    def _write_csv(self, by: str, lines: tuple[Line, ...]) -> None:
        writer = csv.writer(self.stdout, lineterminator="")  # stdout ends lines by itself
        writer.writerow([by, *SUMS])
        for line in lines:
            values = line.as_json()
            writer.writerow([_inert(line.group), *(values[name] for name in SUMS)])

    def _write_table(self, by: str, lines: tuple[Line, ...]) -> None:
        width = max([len(by), *(len(line.group) for line in lines)])
        self.stdout.write("  ".join([by.ljust(width), *(f"{name:>17}" for name in SHOWN)]))
        for line in lines:
            figures = [
                f"{line.cost:>17,.4f}" if name == "cost" else f"{getattr(line, name):>17,}"
                for name in SHOWN
            ]
            self.stdout.write("  ".join([line.group.ljust(width), *figures]))


def _user_id(username: str | None) -> int | None:
    if username is None:
        return None
    user_id = user_id_of(username)
    if user_id is None:
        raise UsageError(f"There is no user named {username!r}, and was none.")
    return user_id


def _inert(text: str) -> str:
    """A spreadsheet takes a text with such a beginning for a formula; clients choose model ids."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
