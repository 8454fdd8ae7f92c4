"""Meters in a real Redis, for the tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import redis

from infrastructure import redis_servers
from limits.meters.redis_meters import RedisMeters
from limits.meters.redis_scripts import PREFIX
from tests.support.processes import PATIENCE_SECONDS

MICRO = 1_000_000


class RedisStore:
    """``advance`` moves all that Redis keeps into the past, since its clock cannot be moved."""

    def __init__(self, url: str, meters: RedisMeters) -> None:
        self.url = url
        self.meters = meters

    def now(self) -> float:
        return time.time()

    async def advance(self, seconds: float) -> None:
        with redis_servers.client(self.url, decode_responses=True) as client:
            for key in client.keys(f"{PREFIX}:meter:*"):
                if client.hexists(key, "tat"):
                    client.hincrby(key, "tat", -int(seconds * MICRO))
            for key in client.keys(f"{PREFIX}:leases:*"):
                for member in client.zrange(key, 0, -1):
                    client.zincrby(key, -seconds * MICRO, member)

    async def written(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.meters.written()


@asynccontextmanager
async def running(url: str, **options: Any) -> AsyncIterator[RedisMeters]:
    """A worker's meters, whose requests wait however slow the machine is."""
    meters = RedisMeters(url, **{"cap_seconds": PATIENCE_SECONDS, **options})
    task = asyncio.create_task(meters.run())
    await asyncio.sleep(0)  # it has begun, and so it ends what it holds
    try:
        yield meters
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(is_true: Callable[[], bool]) -> None:
    """Wait for what must come."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_true():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


def keys(url: str) -> dict[str, int]:
    """All keys of limits, with the seconds that each is kept."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        return {key: client.ttl(key) for key in client.keys(f"{PREFIX}*")}
