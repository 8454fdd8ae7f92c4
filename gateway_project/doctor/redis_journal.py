"""How the usage journal in Redis is: what waits there, since when, and whether Redis keeps it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from gateway_project.doctor.finding import Finding, State
from gateway_project.doctor.stores import LONG_WAIT_SECONDS, PROBE_SECONDS
from usage.journals import is_redis_chosen

PART = "journal in Redis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """``policy`` is Redis' ``maxmemory-policy``, empty where it may not be asked.

    ``is_too_old``: Redis is of before 6.2, which cannot hand a lost worker's records to another.
    """

    records: int
    seconds: float
    policy: str
    is_too_old: bool


def redis_journal_findings() -> Iterator[Finding]:
    """Findings of a journal in Redis that answers; another finding tells of a silent one."""
    waiting = _asked() if is_redis_chosen() else None
    if waiting is None:
        return
    said = f"{waiting.records:,} records wait there"
    if waiting.is_too_old:
        yield Finding(
            part=PART,
            said=f"{said}, and Redis has no XAUTOCLAIM, as versions before 6.2",
            state=State.BROKEN,
            remedy="Give REDIS_URL a Redis of 6.2 or later, or set GATEWAY_USAGE_JOURNAL=files.",
        )
    elif waiting.policy.startswith("allkeys-"):
        yield Finding(
            part=PART,
            said=f"{said}, and may be evicted: maxmemory-policy is {waiting.policy}",
            state=State.DEGRADED,
            remedy="Set it to noeviction: records that do not fit then go to files.",
        )
    elif waiting.seconds > LONG_WAIT_SECONDS:
        yield Finding(
            part=PART,
            said=f"{said}, the oldest for {waiting.seconds / 60:,.0f} minutes",
            state=State.DEGRADED,
            remedy="usage_journal flush, or start the gateway.",
        )
    else:
        yield Finding(part=PART, said=said)


def _asked() -> Waiting | None:
    import redis

    from infrastructure import redis_servers
    from usage.journal_link import KEY

    timeouts = {"socket_timeout": PROBE_SECONDS, "socket_connect_timeout": PROBE_SECONDS}
    try:
        with redis_servers.client(settings.REDIS_URL, **timeouts) as client:
            found: Any = client.xrange(KEY, count=1)
            return Waiting(
                records=int(client.xlen(KEY)),
                seconds=_age(found[0][0]) if found else 0.0,
                policy=_policy(client),
                is_too_old=_is_too_old(client),
            )
    except (redis.RedisError, OSError, ValueError):
        return None


def _age(entry_id: bytes) -> float:
    """An id begins with the milliseconds since 1970 at which Redis took the entry."""
    return max(time.time() - int(entry_id.split(b"-")[0]) / 1000, 0.0)


def _policy(client: Any) -> str:
    import redis

    try:
        return str(client.info("memory").get("maxmemory_policy", ""))
    except redis.ResponseError:  # a user without INFO
        return ""


def _is_too_old(client: Any) -> bool:
    import redis

    try:
        return bool(client.execute_command("COMMAND INFO", "XAUTOCLAIM") == [None])
    except redis.ResponseError:  # a user without COMMAND
        return False
