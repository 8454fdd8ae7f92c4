"""Recordings in Redis, where every worker can read them.

A recording is a Redis stream whose entries have the numbers of the events as ids. Beside it stand
its owner, and a sign of life of the worker that writes: without it a reader would wait for ever.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import redis.asyncio
from django.conf import settings
from redis import RedisError

from proxy.errors import ApiError
from proxy.resumable.recording import EventsGoneError, Recording

logger = logging.getLogger(__name__)

EVENT, END = b"event", b"end"
READ_AT_ONCE = 200
BLOCK_MS = 2000
BEAT_SECONDS = 3.0
ALIVE_SECONDS = 12
SOCKET_SECONDS = 10  # longer than a read may block


class BrokenOffError(ApiError):
    code = "stream_broken_off"


@asynccontextmanager
async def _connected() -> AsyncIterator[Any]:
    """Whoever asks counts the seconds.

    Where redis-py does, a cancellation may be lost: it has Python's ``wait_for``, whose mistake
    that is until 3.12.
    """
    client = redis.asyncio.Redis.from_url(
        settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=1
    )
    async with client:
        yield client


def _key(request_id: str) -> str:
    return f"gatehouse:stream:{request_id}"


async def copy(recording: Recording, request_id: str) -> bool:
    """Write ``recording`` as it grows. False if Redis failed, or was too slow for all of it."""
    try:
        async with _connected() as client:
            async with asyncio.timeout(SOCKET_SECONDS):
                await client.set(f"{_key(request_id)}:owner", recording.owner, ex=_seconds())
            await _write(client, recording, request_id)
    except (RedisError, OSError, EventsGoneError) as exc:
        logger.warning("%s can be resumed on its own worker alone: %r", request_id, exc)
        return False
    return True


async def _write(client: Any, recording: Recording, request_id: str) -> None:
    key = _key(request_id)
    number = 0
    while True:
        events: list[bytes] | None = None
        try:
            async with asyncio.timeout(BEAT_SECONDS):
                events = await recording.news_after(number)
        except TimeoutError:
            pass
        pipeline = client.pipeline(transaction=False)
        for event in events or ():
            number += 1
            pipeline.xadd(key, {EVENT: event}, id=f"{number}-0")
        if recording.first > 1:
            pipeline.xtrim(key, minid=f"{recording.first}-0")
        is_over = events == []
        if is_over:
            pipeline.xadd(key, {END: b"1"}, id=f"{number + 1}-0")
        pipeline.set(f"{key}:alive", b"1", ex=ALIVE_SECONDS)
        pipeline.expire(key, _seconds())
        pipeline.expire(f"{key}:owner", _seconds())
        async with asyncio.timeout(SOCKET_SECONDS):
            await pipeline.execute()
        if is_over:
            return


async def owner_of(request_id: str) -> str | None:
    """Whose recording it is; None if there is none, or Redis does not answer."""
    try:
        async with asyncio.timeout(SOCKET_SECONDS), _connected() as client:
            owner = await client.get(f"{_key(request_id)}:owner")
    except (RedisError, OSError) as exc:
        logger.warning("a stream cannot be looked for: %r", exc)
        return None
    return owner.decode() if owner is not None else None


async def after(request_id: str, number: int) -> AsyncGenerator[bytes]:
    """The events behind ``number`` to the end of the answer, as they come. Raises ``ApiError``."""
    try:
        async with _connected() as client:
            async for event in _entries(client, _key(request_id), number):
                yield event
    except (RedisError, OSError) as exc:
        logger.warning("%s cannot be read on: %r", request_id, exc)
        raise BrokenOffError("The stream cannot be read at the moment. Resume it.") from exc


async def _entries(client: Any, key: str, number: int) -> AsyncGenerator[bytes]:
    while True:
        async with asyncio.timeout(SOCKET_SECONDS):
            is_alive = await client.exists(f"{key}:alive")
            start = {key: f"{number}-0"}
            # Who writes no longer has written all there is: nothing to wait for.
            found = await client.xread(start, READ_AT_ONCE, block=BLOCK_MS if is_alive else None)
            if not found and not is_alive:
                if await _is_whole(client, key):
                    return
                raise BrokenOffError("The worker that answered is gone, and the rest with it.")
        for entry_id, fields in found[0][1] if found else ():
            position = int(entry_id.partition(b"-")[0])
            if END in fields:
                return
            if position != number + 1:
                raise EventsGoneError
            number = position
            yield fields[EVENT]


async def _is_whole(client: Any, key: str) -> bool:
    """Whether the end is there, though nothing behind the event that was asked for."""
    last = await client.xrevrange(key, count=1)
    return bool(last) and END in last[0][1]


def _seconds() -> int:
    return int(settings.GATEWAY_RESUMABLE_SECONDS)
