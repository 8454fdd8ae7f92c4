"""Whether the stores answer: database, its migrations, Redis, the usage journal, the disk."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from accounts.models import User
from gateway_project.doctor.finding import Finding, State, one_line
from gateway_project.schema import compared_schema
from usage.journal_state import journal_state, oldest_waiting_seconds

LONG_WAIT_SECONDS = 120
LEAST_BYTES, FEW_BYTES = 100 * 2**20, 2**30
PROBE_SECONDS = 2.0


def database_finding() -> Finding:
    """Connects. What the driver says names hosts and users, and no password."""
    started = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as exc:
        return Finding(
            part="database",
            said=f"it does not answer: {one_line(exc)}",
            state=State.BROKEN,
            remedy="Start it, or correct DATABASE_URL.",
        )
    took = (time.monotonic() - started) * 1000
    return Finding(part="database", said=f"{connection.display_name} answers in {took:.0f} ms")


def migrations_finding() -> Finding:
    schema = compared_schema()
    if schema.is_behind:
        return Finding(
            part="migrations",
            said=f"{len(schema.missing)} not applied, the first is {schema.missing[0]}",
            state=State.BROKEN,
            remedy="Run migrate.",
        )
    if schema.is_ahead:
        return Finding(
            part="migrations",
            said=f"the database has {schema.unknown[0]}, of a later version",
            state=State.DEGRADED,
            remedy="Upgrade again soon.",
        )
    return Finding(part="migrations", said="all are applied")


def admin_finding() -> Finding:
    if User.objects.filter(is_superuser=True, is_active=True).exists():
        return Finding(part="administrator", said="there is one")
    return Finding(
        part="administrator",
        said="there is none",
        state=State.DEGRADED,
        remedy="Run bootstrap, or createsuperuser.",
    )


def redis_finding() -> Finding:
    if not settings.REDIS_URL:
        return Finding(part="Redis", said="not used: REDIS_URL is not set")
    import redis

    from infrastructure import redis_owner, redis_servers

    timeouts = {"socket_timeout": PROBE_SECONDS, "socket_connect_timeout": PROBE_SECONDS}
    try:
        with redis_servers.client(settings.REDIS_URL, **timeouts) as client:
            client.ping()
        is_of_another = redis_owner.is_of_another(settings.REDIS_URL)
    except (redis.RedisError, OSError, ValueError) as exc:
        return Finding(
            part="Redis",
            said=f"it does not answer: {one_line(exc)}",
            state=State.DEGRADED,  # workers go on without it
            remedy="Start it, or correct REDIS_URL.",
        )
    if is_of_another:
        return Finding(
            part="Redis",
            said="another gateway, with another SECRET_KEY, uses this database, so that the limits "
            "of both count for each other",
            state=State.BROKEN,
            remedy="Give one of them a database of its own, as the number at the end of REDIS_URL.",
        )
    return Finding(part="Redis", said="answers")


def journal_finding() -> Finding:
    directory: Path = settings.DATA_DIR / "journal"
    figures = journal_state(directory)
    said = f"{figures['records']:,} records wait in {figures['segments']} segments"
    if figures["torn"]:
        return Finding(
            part="journal",
            said=f"{said}, {figures['torn']} torn lines",
            state=State.DEGRADED,
            remedy="usage_journal verify says more: a full disk or a crash cut them off.",
        )
    waited = oldest_waiting_seconds(directory)
    if waited > LONG_WAIT_SECONDS:
        return Finding(
            part="journal",
            said=f"{said}, the oldest for {waited / 60:,.0f} minutes without a worker",
            state=State.DEGRADED,
            remedy="usage_journal flush, or start the gateway.",
        )
    return Finding(part="journal", said=said)


def disk_findings() -> Iterator[Finding]:
    directory: Path = settings.DATA_DIR
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    said = f"{free / 2**30:,.1f} GiB free for DATA_DIR"
    if free >= FEW_BYTES:
        yield Finding(part="disk", said=said)
        return
    yield Finding(
        part="disk",
        said=said,
        state=State.BROKEN if free < LEAST_BYTES else State.DEGRADED,
        remedy="Make room: usage records that cannot be written are lost.",
    )
