"""The ended streams in Redis, and the caps on them.

Each key has a list of its recordings with their sizes, and there is one of all; both end with what
they list. The oldest go where there are too many, or too many bytes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from redis import RedisError

from infrastructure import redis_outage
from proxy.resumable.redis_clients import connections, redis_time

ALL = "gatehouse:kept"
ANSWER_SECONDS = 5.0
LOOK_AT_ALL_SECONDS = 5.0  # between two looks at all recordings, of which there may be many

_looked_at = float("-inf")


async def add(owner: str, request_id: str, size_bytes: int) -> None:
    """List a recording that is whole, and remove what is too much."""
    entry = f"{size_bytes}/{owner}/{request_id}"
    try:
        async with asyncio.timeout(ANSWER_SECONDS), connections().one() as client:
            await _list(client, entry, owner)
            await _thin_out(client, owner)
    except (RedisError, OSError) as exc:
        redis_outage.tell("recordings are not thinned out", exc)


async def _list(client: Any, entry: str, owner: str) -> None:
    now, seconds = await redis_time(client), int(settings.GATEWAY_RESUMABLE_SECONDS)
    pipeline = client.pipeline(transaction=True)
    for key in (_key(owner), ALL):
        pipeline.zremrangebyscore(key, "-inf", now - seconds)
        pipeline.zadd(key, {entry: now})
        pipeline.expire(key, seconds)
    await pipeline.execute()


async def _thin_out(client: Any, owner: str) -> None:
    own = await client.zrange(_key(owner), 0, -1)
    most = settings.GATEWAY_RESUMABLE_MAX_KEPT
    surplus = set(own[:-most]) | set(_beyond(own, settings.GATEWAY_RESUMABLE_KEY_BYTES))
    if _is_time_to_look_at_all():
        everybodys = await client.zrange(ALL, 0, -1)
        surplus |= set(_beyond(everybodys, settings.GATEWAY_RESUMABLE_TOTAL_BYTES))
    if surplus:
        await _remove(client, surplus)


def _beyond(entries: Sequence[bytes], limit_bytes: int) -> Iterator[bytes]:
    """The oldest of ``entries``, without which the rest fits."""
    for entry in reversed(entries):
        limit_bytes -= int(entry.partition(b"/")[0])
        if limit_bytes < 0:
            yield entry


async def _remove(client: Any, entries: Iterable[bytes]) -> None:
    pipeline = client.pipeline(transaction=True)
    for entry in entries:
        _, owner, request_id = entry.decode().split("/", 2)
        stream = f"gatehouse:stream:{request_id}"
        pipeline.unlink(stream, f"{stream}:owner", f"{stream}:alive")
        pipeline.zrem(_key(owner), entry)
        pipeline.zrem(ALL, entry)
    await pipeline.execute()


def _is_time_to_look_at_all() -> bool:
    global _looked_at  # noqa: PLW0603 - one worker, one clock
    now = time.monotonic()
    if now - _looked_at < LOOK_AT_ALL_SECONDS:
        return False
    _looked_at = now
    return True


def _key(owner: str) -> str:
    return f"{ALL}:{owner}"
