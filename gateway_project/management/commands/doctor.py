from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from accounts.management.command import GatehouseCommand, add_json_argument
from gateway_project.doctor.connections import connection_findings
from gateway_project.doctor.finding import Finding, State, worst
from gateway_project.doctor.limits import limits_findings
from gateway_project.doctor.redis_journal import redis_journal_findings
from gateway_project.doctor.settings import (
    bypasses_access,
    settings_findings,
    switch_findings,
)
from gateway_project.doctor.stores import (
    admin_finding,
    database_finding,
    disk_findings,
    journal_finding,
    migrations_finding,
    redis_finding,
)

CODES = {State.OK: 0, State.BROKEN: 1, State.DEGRADED: 3}
MARKS = {State.OK: "ok", State.DEGRADED: "LOOK", State.BROKEN: "BROKEN"}


class Command(GatehouseCommand):
    help = (
        "Look over the installation: settings, database, migrations, Redis, journal, disk, "
        "connections, limits and unsafe switches, a line each. Connections are judged by the "
        "lists of models that workers keep; nothing is changed."
    )
    examples = ("", "--ask", "--json")
    exits = {
        0: "healthy",
        1: "broken: it does not serve, or not as it should",
        2: "wrong arguments, or settings that cannot be read",
        3: "degraded: it serves, but something wants a look",
    }

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--ask", action="store_true", help="ask every upstream for its models")
        add_json_argument(parser)

    def handle(self, *, ask: bool, json: bool, **options: Any) -> None:
        findings = list(_findings(is_asked=ask))
        state = worst(findings)
        if json:
            found = [finding.as_json() for finding in findings]
            self.write_json({"state": state.value, "findings": found})
        else:
            self._write(findings)
        if code := CODES[state]:
            sys.exit(code)

    def _write(self, findings: list[Finding]) -> None:
        width = max(len(finding.part) for finding in findings)
        for finding in findings:
            line = f"{MARKS[finding.state]:<6}  {finding.part:<{width}}  {finding.said}"
            if finding.remedy:
                line = f"{line if line.endswith('.') else f'{line}.'} {finding.remedy}"
            self.stdout.write(line)


def _findings(*, is_asked: bool) -> Iterator[Finding]:
    """What cannot be looked at without the database is left out where that is broken."""
    database = database_finding()
    is_there = database.state is State.OK
    migrations = migrations_finding() if is_there else None
    is_ready = migrations is not None and migrations.state is State.OK
    yield from settings_findings(with_database=is_ready)
    yield database
    if migrations is not None:
        yield migrations
    if is_ready:
        yield admin_finding()
    yield redis_finding()
    yield journal_finding()
    yield from redis_journal_findings()
    yield from disk_findings()
    if is_ready:
        yield from connection_findings(is_asked=is_asked)
        yield from limits_findings()
    yield from switch_findings(bypasses=bypasses_access(with_database=is_ready))
