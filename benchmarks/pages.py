"""How long each page of the admin and of the portal takes over the database that is filled.

``python -m benchmarks.pages`` asks, within this process, for every page of the database that
``DATA_DIR`` or ``DATABASE_URL`` names and ``python -m benchmarks.filling`` has filled. It makes the
users ``measuring`` (a superuser) and gives the user with the most requests a session; both are
rolled back. ``CPU`` is this process's and that of its process of PostgreSQL, if it is on this
machine; both times are the best of ``--rounds``. ``first`` is the wall time of the first round.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psutil

MOST_QUERIES = 12
MOST_MS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Milliseconds. ``slowest`` is the query that took the longest, with its wall time."""

    name: str
    status: int
    queries: int
    cpu: float
    wall: float
    first: float
    slowest: float
    statement: str

    @property
    def is_within(self) -> bool:
        return self.queries <= MOST_QUERIES and min(self.wall, self.cpu) <= MOST_MS


def backend() -> psutil.Process | None:
    """The process of PostgreSQL behind Django's connection, if it is on this machine."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return psutil.Process(pid) if psutil.pid_exists(pid) else None


def forget_pages() -> None:
    """Have a file of SQLite read from the disk again, as after a start of the machine."""
    from django.db import connection

    if connection.vendor != "sqlite":
        return
    file = os.open(connection.settings_dict["NAME"], os.O_RDONLY)
    try:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)


def _cpu(server: psutil.Process | None) -> float:
    times = server.cpu_times() if server else None
    return time.process_time() + (times.user + times.system if times else 0)


def asked(client: Any, name: str, address: str, server: psutil.Process | None) -> Measured:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    cpu, begun = _cpu(server), time.perf_counter()
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
        b"".join(answer.streaming_content) if answer.streaming else answer.content
    wall, cpu = time.perf_counter() - begun, _cpu(server) - cpu
    slowest = max(queries.captured_queries, key=lambda query: float(query["time"]), default={})
    return Measured(
        name=name,
        status=answer.status_code,
        queries=len(queries),
        cpu=cpu * 1000,
        wall=wall * 1000,
        first=wall * 1000,
        slowest=float(slowest.get("time", 0)) * 1000,
        statement=slowest.get("sql", ""),
    )


def best(rounds: list[Measured]) -> Measured:
    last = rounds[-1]
    return Measured(
        name=last.name,
        status=last.status,
        queries=last.queries,
        cpu=min(each.cpu for each in rounds),
        wall=min(each.wall for each in rounds),
        first=rounds[0].wall,
        slowest=last.slowest,
        statement=last.statement,
    )


def measured(
    client: Any, pages: Iterable[tuple[str, str]], rounds: int, *, is_cold: bool
) -> Iterator[Measured]:
    server = backend()
    for name, address in pages:
        if is_cold:
            forget_pages()
        yield best([asked(client, name, address, server) for _ in range(rounds)])


async def _loaded(registry: Any) -> None:
    await registry.reload()
    await asyncio.gather(*registry.refresh_soon())


@contextmanager
def serving_models() -> Iterator[None]:
    """A registry, as a worker has it, over upstreams that serve what was entered."""
    from connections.calling.client import UpstreamClient
    from models_registry.registry import Registry, activate

    client = UpstreamClient(httpx.MockTransport(lambda _: httpx.Response(200, json={"data": []})))
    registry = Registry(client)
    asyncio.run(_loaded(registry))
    activate(registry)
    try:
        yield
    finally:
        activate(None)


def everything(rounds: int, wanted: str, *, is_cold: bool) -> list[Measured]:
    from django.db import transaction
    from django.db.models import Sum
    from django.test import Client

    from accounts.models import User
    from benchmarks.page_addresses import admin_pages, portal_pages
    from usage.models import UsageHour

    by_user: Any = UsageHour.objects.order_by().values("user_id")
    most = by_user.annotate(n=Sum("requests")).order_by("-n").first()
    found: list[Measured] = []
    with serving_models(), transaction.atomic():
        admin = User.objects.create_superuser("measuring")
        person = User.objects.get(pk=most["user_id"])
        for user, pages in ((admin, admin_pages()), (person, portal_pages(person))):
            client = Client(SERVER_NAME="localhost")
            client.force_login(user)
            wanted_pages = [page for page in pages if wanted in page[0]]
            found += measured(client, wanted_pages, rounds, is_cold=is_cold)
        transaction.set_rollback(True)
    return found


def show(found: list[Measured], *, with_statements: bool) -> None:
    print(f"{'page':<44}{'status':>7}{'queries':>8}{'ms CPU':>8}{'ms wall':>8}{'first':>7}")
    for each in found:
        mark = "" if each.is_within else "  !"
        figures = f"{each.status:>7}{each.queries:>8}{each.cpu:>8.0f}{each.wall:>8.0f}"
        print(f"{each.name:<44}{figures}{each.first:>7.0f}{mark}")
        if with_statements and not each.is_within:
            print(f"    {each.slowest:.0f} ms: {each.statement[:2000]}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="pages whose names have this in them")
    parser.add_argument("--statements", action="store_true", help="the slowest of slow pages")
    parser.add_argument(
        "--cold", action="store_true", help="begin each page without SQLite's file in memory"
    )
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    import django

    django.setup()
    found = everything(arguments.rounds, arguments.only, is_cold=arguments.cold)
    show(found, with_statements=arguments.statements)


if __name__ == "__main__":
    main()
