"""Runs of scripts that a request waits for, though never for long."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import redis

from infrastructure import redis_outage
from limits.meters import redis_scripts
from limits.meters.interface import MetersUnavailableError
from limits.meters.redis_scripts import Call

T = TypeVar("T")

LOOKS = 25  # for a reply, before Redis is said to be slow


class CappedCalls:
    """``client`` is asked, and a reply is waited for up to ``cap_seconds``.

    Time in which this worker itself was busy does not count: a burst of requests delays the reading
    of replies that are there already. Hence the wait is in parts, and each part counts as its own
    length, however late its end is noticed.
    A call is left to end by itself, whoever waits for it: redis-py may lose a connection of its
    pool, and with it a place for ever, where a task is cancelled that gives one back.
    """

    def __init__(self, client: Any, cap_seconds: float) -> None:
        self._client = client
        self._cap_seconds = cap_seconds
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, call: Call) -> asyncio.Task[Any]:
        return self._started(redis_scripts.run(self._client, call))

    async def finished(self, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` returns, however long it takes. Raises what it raises."""
        return await asyncio.shield(self._started(work))

    async def reply(self, task: asyncio.Task[Any]) -> Any:
        """The reply to what was started. Raises ``MetersUnavailableError``."""
        for _ in range(LOOKS):
            await asyncio.wait({task}, timeout=self._cap_seconds / LOOKS)
            if task.done():
                break
        else:
            raise MetersUnavailableError("Redis is slow.")
        try:
            return task.result()
        except (redis.RedisError, OSError) as exc:
            redis_outage.tell("limits cannot be asked what was used", exc)
            raise MetersUnavailableError(str(exc)) from exc

    async def ask(self, call: Call) -> Any:
        """The reply to ``call``. Raises ``MetersUnavailableError``."""
        return await self.reply(self.start(call))

    async def ended(self) -> None:
        """Return once no call runs."""
        if self._running:
            await asyncio.wait(self._running)

    def _started(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # of a call that nobody waits for
