from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import close_old_connections

from accounts.management.command import DONE, GatehouseCommand, add_json_argument
from accounts.management.errors import UsageError
from accounts.management.tables import table, visible
from usage.attempts import attempt_lines, words_of
from usage.listed_requests import FIGURES, HEADS, Wanted, cells, cost_of, facts, find, verdict
from usage.models import UsageRow
from usage.periods import EXAMPLES, PeriodError, read_moment

SHOW = "show"
LOOK_SECONDS = 1.0
# A record comes at the end of its request, so it may be older than others that are shown already.
LOOK_BACK = timedelta(hours=2)
MOST_AT_ONCE = 1000


class Command(GatehouseCommand):
    help = (
        "List recorded requests, the newest last; follow them as they end; or show one by its id, "
        "the beginning of it, or the client's own id."
    )
    examples = (
        "--failed --since 4h",
        "--follow --model 'gpt-*' --user alice",
        "--json --limit 1000",
        "show req_01jd8",
    )
    exits = {0: DONE, 2: "wrong arguments, or no request or several have this id"}

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("show", nargs="*", metavar="show ID", help="show one request")
        parser.add_argument("--follow", action="store_true", help="go on with those that end")
        parser.add_argument("--failed", action="store_true", help="those that failed alone")
        parser.add_argument(
            "--since", default="1d", metavar="WHEN", help=f"{EXAMPLES}; default: 1d"
        )
        parser.add_argument("--model", default="", metavar="PATTERN", help="an id, or 'openai/*'")
        parser.add_argument("--user", default="", metavar="USERNAME")
        parser.add_argument("--limit", type=int, default=50, metavar="N", help="default: 50")
        add_json_argument(parser)

    def handle(self, *, show: list[str], limit: int, json: bool, **options: Any) -> None:
        if show:
            self._show(_one(show), as_json=json)
            return
        if limit < 1:
            raise UsageError("--limit must be at least 1.")
        wanted = _wanted(**options)
        rows = list(reversed(wanted.rows()[:limit]))
        if options["follow"]:
            self._write(rows, as_json=json)
            self._follow(wanted, {row.pk for row in rows}, as_json=json)
        elif json:
            self.write_json({"requests": [facts(row) for row in rows]})
        elif rows:
            self._write(rows, as_json=False)
        else:
            self.stderr.write("No such request is recorded. --since looks further back.")

    def _show(self, row: UsageRow, *, as_json: bool) -> None:
        told = facts(row)
        if as_json:
            self.write_json(told | {"price": str(row.price) if row.price else None})
            return
        self.stdout.write(f"{verdict(row)} Cost: {cost_of(row)}")
        log = told.pop("attempt_log")
        for line, words in zip(attempt_lines(log), words_of(log), strict=True):
            self.stdout.write(f"  {visible(line)}")
            if words:
                self.stdout.write(f"    “{visible(words)}”")
        width = max(map(len, told))
        told |= {"price_id": row.price, "limit_marks": ", ".join(told["limit_marks"])}
        for name, value in told.items():
            told_as = "–" if value in {None, ""} else visible(str(value))
            self.stdout.write(f"  {name:<{width}}  {told_as}")

    def _write(self, rows: Iterable[UsageRow], *, as_json: bool) -> None:
        """A table, or a line of JSON for each."""
        if as_json:
            for row in rows:
                self.stdout.write(json.dumps(facts(row)))
            return
        is_short = self.stdout.isatty()
        lines = [cells(row, is_short=is_short) for row in rows]
        if lines:
            self.stdout.write(table(HEADS, lines, right=FIGURES))

    def _follow(self, wanted: Wanted, seen: set[str], *, as_json: bool) -> None:
        """Until interrupted. Each look asks for the newest alone."""
        begun = datetime.now(UTC)
        while True:
            self.stdout.flush()
            time.sleep(LOOK_SECONDS)
            close_old_connections()
            newest = wanted.rows().filter(accepted_at__gte=begun - LOOK_BACK)[:MOST_AT_ONCE]
            fresh = [row for row in reversed(newest) if row.pk not in seen]
            seen.update(row.pk for row in fresh)
            for row in fresh:
                told = json.dumps(facts(row)) if as_json else "  ".join(cells(row, is_short=True))
                self.stdout.write(told)


def _wanted(*, failed: bool, since: str, model: str, user: str, **_: Any) -> Wanted:
    """Raises ``UsageError``."""
    try:
        begin = read_moment(since)
    except PeriodError as exc:
        raise UsageError(str(exc)) from exc
    return Wanted(since=begin, is_failed=failed, model=model, username=user)


def _one(words: list[str]) -> UsageRow:
    """Raises ``UsageError`` unless exactly one request is meant."""
    if len(words) != 2 or words[0] != SHOW:
        raise UsageError("Write `requests`, or `requests show ID`.")
    found = find(words[1])
    if not found:
        raise UsageError(f"There is no record of {words[1]!r}. It may have been pruned.")
    if len(found) > 1:
        raise UsageError(f"{words[1]!r} may be any of several requests: give more of the id.")
    return found[0]
