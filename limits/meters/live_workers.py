"""How many workers share the meters in Redis, as their heartbeats say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis

from infrastructure import redis_outage
from infrastructure.outages import outages
from limits.meters import redis_scripts
from limits.meters.capped_calls import CappedCalls

BEAT_SECONDS = 1.0
ALIVE_SECONDS = 5.0


class LiveWorkers:
    """``count`` is at least 1: what Redis said last, and before that what the caller knows.

    ``heed`` is called with the epoch of each reply.
    """

    def __init__(
        self,
        client: Any,
        calls: CappedCalls,
        *,
        name: str,
        count: int,
        heed: Callable[[bytes], None],
    ) -> None:
        self.count = max(count, 1)
        self._client = client
        self._calls = calls
        self._name = name
        self._heed = heed

    async def beat(self, was_emptied: Callable[[], bool]) -> None:
        """Say that this worker lives, and learn how many do.

        A Redis that was emptied a moment ago knows of too few.
        """
        count = await self._told(ALIVE_SECONDS)
        if count is not None:
            self.count = max(count, self.count if was_emptied() else 1)

    async def end(self) -> None:
        """Say that this worker ends."""
        await self._told(0)

    async def _told(self, seconds: float) -> int | None:
        call = redis_scripts.beat(self._name, seconds, self._name[:4])
        try:
            count, epoch = await self._calls.finished(redis_scripts.run(self._client, call))
        except (redis.RedisError, OSError) as exc:
            redis_outage.tell("workers do not know of each other", exc)
            return None
        outages.end(redis_outage.REDIS)
        self._heed(epoch)
        return int(count)
