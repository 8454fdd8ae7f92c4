"""How fast a backlog of the usage journal becomes rows: one worker, its pricing and all.

``python -m benchmarks.drain`` uses SQLite, ``--server postgres://postgres@127.0.0.1/postgres`` that
PostgreSQL: a database is made there, and dropped in the end. The CPU time is the worker's and that
of its process of the server, where it runs on this machine; it is steadier than the rate.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psutil
import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from usage.record import UsageRecord

MODELS, USERS = 20, 200


@contextmanager
def database(server: str) -> Iterator[str]:
    """The URL of an empty database on ``server``; empty, as for SQLite, without a server."""
    if not server:
        yield ""
        return
    name = f"gatehouse_drain_{os.getpid()}"
    identifier = sql.Identifier(name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def prepare(directory: Path, url: str) -> None:
    """Django on that database, with a connection whose models the bundled list prices."""
    os.environ |= {"DATA_DIR": str(directory), "DATABASE_URL": url, "REDIS_URL": "", "DEBUG": "0"}
    os.environ |= {"DJANGO_SETTINGS_MODULE": "gateway_project.settings"}
    os.environ.setdefault("SECRET_KEY", secrets.token_hex(32))
    os.environ.setdefault("ENCRYPTION_KEYS", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    os.environ.setdefault("ALLOWED_HOSTS", "localhost")
    import django

    django.setup()
    from django.core.management import call_command

    from connections.models import Connection

    call_command("migrate", verbosity=0)
    Connection.objects.create(name="openai", base_url="https://api.openai.com/v1")


def record(number: int) -> UsageRecord:
    """A streamed chat of one of many users with one of several models, half of them priced."""
    from accounts.caller import Caller
    from proxy.client_side.request_id import new_request_id
    from resilience.outcomes import Kind
    from usage.attempts import Attempt
    from usage.exchange import Exchange
    from usage.record import UsageRecord

    user = number % USERS
    caller = Caller(
        user_id=user,
        username=f"user-{user}",
        email="",
        display_name="",
        is_staff=False,
        group_ids=frozenset(),
        key_id=UUID(int=user),
        key_hint=f"sk-gw-…{user:04}",
    )
    name = "gpt-4o" if number % 2 else f"model-{number % MODELS}"
    exchange = Exchange(
        request_id=new_request_id(),
        caller=caller,
        endpoint="chat/completions",
        model=name,
        is_streamed=True,
    )
    exchange.connection, exchange.upstream_model, exchange.status = "openai", name, 200
    exchange.tokens.prompt, exchange.tokens.cached, exchange.tokens.completion = 900, 128, 250
    exchange.attempts.append(Attempt("openai", name, "…a1b2", 200, kind=Kind.SUCCESS))
    exchange.bytes_received, exchange.bytes_sent = 4200, 51_000
    exchange.first_byte_at, exchange.chunks = exchange.started + 0.3, 250
    exchange.upstream_request_id = f"chatcmpl-{number:024}"
    return replace(UsageRecord.of(exchange), duration_ms=2300 + number % 97)


def fill(directory: Path, count: int) -> None:
    from usage.journal import Journal

    journal = Journal(directory)
    for number in range(count):
        journal.append(record(number))
    journal.close()


def backend() -> psutil.Process | None:
    """The process of the server that works for this one, if it is here."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (number,) = cursor.fetchone()
    try:
        process = psutil.Process(number)
    except psutil.NoSuchProcess:
        return None
    return process if "postgres" in process.name() else None


def drain(directory: Path) -> tuple[float, float]:
    """Seconds by the clock and of CPU."""
    from usage.flusher import move_segment
    from usage.journal import segments

    server = backend()
    family = [psutil.Process(), *([server] if server else [])]
    begun, cpu_before = time.monotonic(), cpu_seconds(family)
    for path in segments(directory):
        move_segment(path)
    return time.monotonic() - begun, cpu_seconds(family) - cpu_before


def cpu_seconds(family: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in family)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drain", description=__doc__)
    parser.add_argument("--server", default=os.environ.get("DATABASE_URL", ""), metavar="URL")
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, database(arguments.server) as url:
        prepare(Path(name), url)
        from django.db import connections

        from usage.models import UsageRow

        drain(Path(name) / "journal")
        rates = []
        for number in range(arguments.rounds + 1):
            is_warm_up = not number
            count = 2000 if is_warm_up else arguments.records
            fill(Path(name) / "journal", count)
            before = UsageRow.objects.count()
            seconds, cpu = drain(Path(name) / "journal")
            if UsageRow.objects.count() != before + count:
                raise SystemExit("rows are missing")
            if not is_warm_up:
                rates.append(count / seconds)
                print(f"{count / seconds:>10,.0f} rows/s  {cpu / count * 1e6:>6.1f} µs CPU per row")
        print(f"median {statistics.median(rates):,.0f} rows/s, {'PostgreSQL' if url else 'SQLite'}")
        connections.close_all()


if __name__ == "__main__":
    main()
