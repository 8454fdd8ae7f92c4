"""``/livez`` and ``/readyz``, answered before anything that could refuse or redirect.

Neither asks an upstream. Readiness is about this worker; what it depends on is told beside it,
since a gateway whose database or Redis is down still serves whom it knows.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson
import redis
import redis.asyncio
from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError, connection

from gateway_project.draining import is_draining
from models_registry.registry import is_running
from usage.ledger import active_ledger

LIVE_PATHS = frozenset({"/livez", "/health/liveliness", "/health/liveness"})
READY_PATHS = frozenset({"/readyz", "/health", "/health/readiness"})
HEALTH_PATHS = LIVE_PATHS | READY_PATHS
PROBE_SECONDS = 2.0
CACHED_SECONDS = 1.0


class Dependencies:
    """How the database and Redis are, looked up at most once in ``CACHED_SECONDS``."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def states(self) -> dict[str, str]:
        """``ok`` or ``down`` for each dependency there is."""
        async with self._lock:
            if time.monotonic() - self._asked_at > CACHED_SECONDS:
                self._known = {"database": await _state(_ask_database())}
                if settings.REDIS_URL:
                    self._known["redis"] = await _state(_ask_redis())
                self._asked_at = time.monotonic()
            return self._known


dependencies = Dependencies()


async def answer_health(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] in LIVE_PATHS:
        await _answer(send, 200, {"status": "ok"})
    elif is_draining():
        await _answer(send, 503, {"status": "draining"})
    elif not is_running():
        await _answer(send, 503, {"status": "starting"})
    else:
        states = await dependencies.states() | journal_state()
        status = "ok" if set(states.values()) == {"ok"} else "degraded"
        await _answer(send, 200, {"status": status, **states})


def journal_state() -> dict[str, str]:
    """Told only when usage records are being lost, as on a full disk."""
    ledger = active_ledger()
    is_failing = ledger is not None and ledger.journal.is_failing
    return {"usage_journal": "failing"} if is_failing else {}


async def _state(probe: Any) -> str:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await probe
    except (DatabaseError, redis.RedisError, OSError, TimeoutError):
        return "down"
    return "ok"


@database_sync_to_async
def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def _ask_redis() -> None:
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_timeout=1) as client:
        await client.ping()


async def _answer(send: Any, status: int, content: dict[str, str]) -> None:
    body = orjson.dumps(content)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
