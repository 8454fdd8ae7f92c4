"""``/livez`` and ``/readyz``, answered before anything that could refuse or redirect.

Neither asks an upstream. Readiness is about this worker; what it depends on is told beside it,
since a gateway whose database or Redis is down still serves whom it knows.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import orjson
from django.conf import settings

from accounts.changes import DATABASE_ERRORS
from gateway_project.draining import is_draining
from gateway_project.schema import Schema, current_schema
from gateway_project.waiting import waiting
from infrastructure import redis_outage
from models_registry.registry import is_running
from usage.ledger import active_ledger

LIVE_PATHS = frozenset({"/livez", "/health/liveliness", "/health/liveness"})
READY_PATHS = frozenset({"/readyz", "/health", "/health/readiness"})
HEALTH_PATHS = LIVE_PATHS | READY_PATHS
PROBE_SECONDS = 2.0
CACHED_SECONDS = 3.0


class Dependencies:
    """How the database and Redis are, looked up at most once in ``CACHED_SECONDS``."""

    def __init__(self) -> None:
        self.schema = Schema()  # as it was when the database last answered
        self._known: dict[str, str] = {}
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def states(self) -> dict[str, str]:
        """``ok`` or ``down`` for each dependency there is."""
        async with self._lock:
            if time.monotonic() - self._asked_at > CACHED_SECONDS:
                self._known = {"database": await self._database_state()}
                if settings.REDIS_URL:
                    self._known["redis"] = await _redis_state()
                self._asked_at = time.monotonic()
            return self._known

    async def _database_state(self) -> str:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                self.schema = await current_schema()
        except (*DATABASE_ERRORS, OSError):  # TimeoutError is one
            return "down"
        return "ok"


dependencies = Dependencies()


async def answer_health(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] in LIVE_PATHS:
        await _answer(send, 200, {"status": "ok"})
    elif is_draining():
        await _answer(send, 503, {"status": "draining"})
    elif waiting.reason:
        await _answer(send, 503, {"status": "migration_pending", "reason": waiting.reason})
    elif not is_running():
        await _answer(send, 503, {"status": "starting"})
    else:
        states = await dependencies.states() | failing_journal()
        schema = dependencies.schema
        if schema.is_behind:  # an older backup was put back, or migrations were taken back
            await _answer(send, 503, {"status": "migration_pending", "reason": schema.reason})
            return
        status = "ok" if set(states.values()) == {"ok"} else "degraded"
        warning = {"warning": schema.reason} if schema.is_ahead else {}
        await _answer(send, 200, {"status": status, **states, **warning})


def failing_journal() -> dict[str, str]:
    """Told only when usage records are being lost, as on a full disk."""
    ledger = active_ledger()
    is_failing = ledger is not None and ledger.journal.is_failing
    return {"usage_journal": "failing"} if is_failing else {}


async def _redis_state() -> str:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return "ok" if await redis_outage.is_answering(settings.REDIS_URL) else "down"
    except TimeoutError:
        return "down"


async def _answer(send: Any, status: int, content: dict[str, str]) -> None:
    body = orjson.dumps(content)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
