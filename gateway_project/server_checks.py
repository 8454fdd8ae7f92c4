"""System checks that ask the database and Redis whether they can do what the gateway needs.

They run where a database is asked anyway, by ``check --database default`` and ``migrate``, and
before ``serve``. A server that does not answer is no finding: it may yet come up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, connections, transaction

PROTOCOL_VIOLATION = "08P01"  # as PgBouncer calls what its mode forbids


@register(Tags.database)
def check_pooler(databases: Sequence[str] | None = None, **kwargs: Any) -> Iterator[CheckMessage]:
    for alias in databases or ():
        if connections[alias].vendor == "postgresql" and _refuses_transactions(alias):
            yield Error(
                "The pooler in front of PostgreSQL refuses transactions: it is in statement mode.",
                hint="Set pool_mode=transaction (or session) for this database in PgBouncer.",
                id="gateway_project.E020",
            )


@register(Tags.database)
def check_redis(databases: Sequence[str] | None = None, **kwargs: Any) -> Iterator[CheckMessage]:
    if databases and settings.REDIS_URL and _is_cluster(settings.REDIS_URL):
        yield Error(
            "REDIS_URL leads to a node of a Redis Cluster, which the gateway cannot use.",
            hint="Give it a Redis of its own without cluster-enabled, alone or behind Sentinel: "
            "what it keeps there is small.",
            id="gateway_project.E021",
        )


def _is_cluster(url: str) -> bool:
    import redis  # slow to import

    from infrastructure.redis_servers import client, problem_of

    if problem_of(url):  # another check tells of it
        return False
    try:
        with client(url, socket_timeout=2, socket_connect_timeout=2) as server:
            return bool(server.info("cluster").get("cluster_enabled"))
    except (redis.RedisError, OSError):  # a user without INFO, too
        return False


def _refuses_transactions(alias: str) -> bool:
    try:
        with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError as exc:
        return getattr(exc.__cause__, "sqlstate", None) == PROTOCOL_VIOLATION
    finally:
        if not connections[alias].in_atomic_block:
            connections[alias].close()
    return False
