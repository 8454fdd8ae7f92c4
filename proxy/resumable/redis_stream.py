"""Recordings in Redis, where every worker can read them.

A recording is a Redis stream whose entries have the numbers of the events as ids. Beside it stand
its owner, and a sign of life of the worker that writes: without it a reader would wait for ever.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings
from redis import RedisError

from infrastructure import redis_outage
from proxy.client_side.errors import ApiError
from proxy.resumable.recording import EventsGoneError, Recording
from proxy.resumable.redis_clients import connections, reading_connections

logger = logging.getLogger(__name__)

EVENT, END = b"event", b"end"
READ_AT_ONCE = 200
# A reader asks again and again, so that no connection is held by one that waits.
SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.02, 0.3
BEAT_SECONDS = 3.0
ALIVE_SECONDS = 12
SOCKET_SECONDS = 10


class BrokenOffError(ApiError):
    code = "stream_broken_off"


def _key(request_id: str) -> str:
    return f"gatehouse:stream:{request_id}"


async def copy(recording: Recording, request_id: str) -> bool:
    """Write ``recording`` as it grows. False if Redis failed, or was too slow for all of it."""
    try:
        async with asyncio.timeout(SOCKET_SECONDS), connections().one() as client:
            # Both at once: who finds an owner without a sign of life takes the worker for gone.
            pipeline = client.pipeline(transaction=True)
            pipeline.set(f"{_key(request_id)}:owner", recording.owner, ex=_seconds())
            pipeline.set(f"{_key(request_id)}:alive", b"1", ex=ALIVE_SECONDS)
            await pipeline.execute()
        await _write(recording, request_id)
    except (RedisError, OSError) as exc:
        redis_outage.tell(f"{request_id} can be resumed on its own worker alone", exc)
        return False
    except EventsGoneError:
        logger.warning("%s can be resumed on its own worker alone: it was too fast", request_id)
        return False
    return True


async def _write(recording: Recording, request_id: str) -> None:
    number = 0
    while True:
        events: list[bytes] | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(BEAT_SECONDS):
                events = await recording.news_after(number)
        is_over = events == []
        async with asyncio.timeout(SOCKET_SECONDS), connections().one() as client:
            # In a transaction, so that every key has an expiry even if this process dies.
            pipeline = client.pipeline(transaction=True)
            _add(pipeline, _key(request_id), number, events or (), is_over=is_over)
            if recording.first > 1:
                oldest = f"{recording.first}-0"
                pipeline.xtrim(_key(request_id), minid=oldest, approximate=False)
            await pipeline.execute()
        if is_over:
            return
        number += len(events or ())


def _add(pipeline: Any, key: str, number: int, events: Sequence[bytes], *, is_over: bool) -> None:
    """The events after event ``number``, and a sign of life."""
    for position, event in enumerate(events, number + 1):
        pipeline.xadd(key, {EVENT: event}, id=f"{position}-0")
    if is_over:
        pipeline.xadd(key, {END: b"1"}, id=f"{number + 1}-0")
    pipeline.set(f"{key}:alive", b"1", ex=ALIVE_SECONDS)
    pipeline.expire(key, _seconds())
    pipeline.expire(f"{key}:owner", _seconds())


async def owner_of(request_id: str) -> str | None:
    """The owner of the recording; None if there is none, or Redis does not answer."""
    try:
        async with asyncio.timeout(SOCKET_SECONDS), reading_connections().one() as client:
            owner = await client.get(f"{_key(request_id)}:owner")
    except (RedisError, OSError) as exc:
        redis_outage.tell("a stream cannot be looked for", exc)
        return None
    return owner.decode() if owner is not None else None


async def after(request_id: str, number: int) -> AsyncGenerator[bytes]:
    """The events after ``number`` to the end of the response, as they come. Raises ``ApiError``."""
    try:
        async for event in _entries(_key(request_id), number):
            yield event
    except (RedisError, OSError) as exc:
        redis_outage.tell(f"{request_id} cannot be read on", exc)
        raise BrokenOffError("The stream cannot be read at the moment. Resume it.") from exc


async def _entries(key: str, number: int) -> AsyncGenerator[bytes]:
    wait = SHORTEST_WAIT_SECONDS
    while True:
        async with asyncio.timeout(SOCKET_SECONDS), reading_connections().one() as client:
            is_alive = await client.exists(f"{key}:alive")
            found = await client.xread({key: f"{number}-0"}, READ_AT_ONCE)
            if not found and not is_alive:
                # The worker that wrote the stream has ended: no further events will come.
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
        wait = SHORTEST_WAIT_SECONDS if found else min(wait * 2, LONGEST_WAIT_SECONDS)
        await asyncio.sleep(wait)


async def _is_whole(client: Any, key: str) -> bool:
    """Whether the end is there, though nothing behind the event that was asked for."""
    last = await client.xrevrange(key, count=1)
    return bool(last) and END in last[0][1]


def _seconds() -> int:
    return int(settings.GATEWAY_RESUMABLE_SECONDS)
