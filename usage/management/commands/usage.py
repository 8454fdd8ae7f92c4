from __future__ import annotations

import csv
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from accounts.departures import user_id_of
from accounts.management.command import DONE, GatehouseCommand
from accounts.management.errors import UsageError
from usage.csv_cells import inert
from usage.periods import EXAMPLES, PeriodError, read_moment
from usage.reports import SUMS, By, Line, report
from usage.summary import Summary
from usage.terminal import report_table, summary_lines


class Command(GatehouseCommand):
    help = (
        "Report usage and cost by user, key, model, connection, group, hour, day or month. Times "
        "and days are in GATEWAY_TIME_ZONE."
    )
    examples = (
        "",
        "--by model --since 4w --limit 10",
        "--by day --since 2026-11 --until 2026-11",
        "--by hour --since 2026-11-02 --until 2026-11-02 --user alice --json",
    )
    exits = {0: DONE, 2: "a time or a user that is not known"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--by", choices=list(By), default=By.USER, help="default: user")
        parser.add_argument(
            "--since", default="7d", metavar="WHEN", help=f"default: 7d; {EXAMPLES}"
        )
        parser.add_argument(
            "--until",
            metavar="WHEN",
            help="default: now; a day, a month or an hour is included",
        )
        parser.add_argument("--user", metavar="USERNAME", help="of this user alone")
        parser.add_argument("--limit", type=_limit, metavar="N", help="the first N lines alone")
        form = parser.add_mutually_exclusive_group()
        form.add_argument(
            "--json", action="store_true", help="one JSON object; in one line unless on a terminal"
        )
        form.add_argument("--csv", action="store_true", help="all figures, with names in full")

    def handle(self, *, by: str, user: str | None, limit: int | None, **options: Any) -> None:
        since, until = _period(options["since"], options["until"])
        user_id = _user_id(user)
        lines = report(By(by), since=since, until=until, user_id=user_id)
        if options["csv"]:
            self._write_csv(by, lines[:limit])
            return
        summary = Summary.of(since=since, until=until, user_id=user_id)
        if options["json"]:
            self._write_json(by, summary, lines[:limit])
            return
        for line in summary_lines(summary, settings.TIME_ZONE):
            self.stdout.write(line)
        self.stdout.write(f"\n{report_table(by, lines, summary.total, limit=limit)}")

    def _write_json(self, by: str, summary: Summary, lines: tuple[Line, ...]) -> None:
        self.write_json(
            {
                "by": by,
                "since": summary.since.isoformat(),
                "until": summary.until.isoformat(),
                "time_zone": settings.TIME_ZONE,
                "total": summary.as_json(),
                "data": [line.as_json() for line in lines],
            }
        )

    def _write_csv(self, by: str, lines: tuple[Line, ...]) -> None:
        writer = csv.writer(self.stdout, lineterminator="")  # stdout ends lines by itself
        writer.writerow([by, *SUMS])
        for line in lines:
            values = line.as_json()
            writer.writerow([inert(line.group), *(values[name] for name in SUMS)])


def _period(since: str, until: str | None) -> tuple[datetime, datetime]:
    """Raises ``UsageError``."""
    try:
        begin = read_moment(since)
        end = read_moment(until, is_end=True) if until else datetime.now(UTC)
    except PeriodError as exc:
        raise UsageError(str(exc)) from exc
    if begin >= end:
        raise UsageError("--since must lie before --until.")
    return begin, end


def _user_id(username: str | None) -> int | None:
    if username is None:
        return None
    user_id = user_id_of(username)
    if user_id is None:
        raise UsageError(f"There is no user named {username!r}, and was none.")
    return user_id


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:10]) < 10**9:
        raise ArgumentTypeError("a number of lines from 1 is needed")
    return int(text)
