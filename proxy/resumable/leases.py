"""How many streams are under way at all workers together, where there is Redis.

Each holds a lease, which its worker renews: what a killed worker held is free after
``LEASE_SECONDS`` by the clock of Redis, since those of hosts differ. Where Redis does not answer,
each worker has its own caps alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from redis import RedisError

from infrastructure import redis_outage
from proxy.resumable.redis_clients import connections, redis_time

LEASE_SECONDS = 30
RENEW_SECONDS = 8.0
ANSWER_SECONDS = 1.0
ALL = "gatehouse:streams"


async def take(owner: str, request_id: str) -> bool:
    """Whether another stream of ``owner`` may begin; True where Redis does not answer."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS), connections().one() as client:
            now = await redis_time(client)
            pipeline = client.pipeline(transaction=True)
            for key in (_key(owner), ALL):
                pipeline.zremrangebyscore(key, "-inf", now)
                _hold(pipeline, key, request_id, now)
                pipeline.zcard(key)
            _, _, _, own, _, _, _, everybodys = await pipeline.execute()
    except (RedisError, OSError) as exc:
        redis_outage.tell("streams are counted on this worker alone", exc)
        return True
    if (
        own <= settings.GATEWAY_RESUMABLE_MAX_STREAMS
        and everybodys <= settings.GATEWAY_RESUMABLE_MAX_STREAMS_TOTAL
    ):
        return True
    await give_back(owner, request_id)
    return False


async def renew(owners: Mapping[str, str]) -> None:
    """Go on holding the leases of the requests that ``owners`` names."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS), connections().one() as client:
            now = await redis_time(client)
            pipeline = client.pipeline(transaction=True)
            for request_id, owner in owners.items():
                _hold(pipeline, _key(owner), request_id, now)
                _hold(pipeline, ALL, request_id, now)
            await pipeline.execute()
    except (RedisError, OSError) as exc:
        redis_outage.tell("the leases of streams are not renewed", exc)


async def give_back(owner: str, request_id: str) -> None:
    """Let others begin. A lease that Redis does not get to release ends by itself."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS), connections().one() as client:
            pipeline = client.pipeline(transaction=True)
            for key in (_key(owner), ALL):
                pipeline.zrem(key, request_id)
            await pipeline.execute()
    except (RedisError, OSError) as exc:
        redis_outage.tell("the lease of a stream is not given back", exc)


def _hold(pipeline: Any, key: str, request_id: str, now: float) -> None:
    pipeline.zadd(key, {request_id: now + LEASE_SECONDS})
    pipeline.expire(key, LEASE_SECONDS)


def _key(owner: str) -> str:
    return f"{ALL}:{owner}"
