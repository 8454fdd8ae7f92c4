"""The connections to Redis of a worker: some for what records, and others for what reads.

There are at most ``MOST`` of either, however many streams there are: one is held for a command or
two, never for as long as a stream lasts. Readers have their own, since there may be many of them:
a recording that waited behind them would be lost, and a lease would end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from infrastructure.redis_servers import async_client

MOST = 8


class Connections:
    """Lends connections of the event loop at hand. Callers wait for one that is free."""

    def __init__(self, most: int = MOST) -> None:
        self._room = asyncio.Semaphore(most)
        self._idle: list[Any] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Any]:
        """A client with a connection of its own. Callers count the seconds.

        Where redis-py does, a cancellation may be lost: it has Python's ``wait_for``, whose mistake
        that is until 3.12. Its pools may lose a connection that is given back by a task that is
        cancelled, and with it a place for ever.
        """
        async with self._room:
            client = self._idle.pop() if self._idle else _new_client()
            try:
                yield client
            except BaseException:  # half a reply may be left in the connection
                await client.aclose()
                raise
            self._idle.append(client)

    async def aclose(self) -> None:
        while self._idle:
            await self._idle.pop().aclose()


@dataclass(frozen=True, slots=True)
class _OfLoop:
    loop: asyncio.AbstractEventLoop
    recording: Connections = field(default_factory=Connections)
    reading: Connections = field(default_factory=Connections)


_active: _OfLoop | None = None


def connections() -> Connections:
    """Those of this worker for recordings, leases and the list of what is kept."""
    return _of_this_loop().recording


def reading_connections() -> Connections:
    """Those of this worker for readers and their look-ups."""
    return _of_this_loop().reading


async def aclose() -> None:
    """Close all that are idle."""
    await connections().aclose()
    await reading_connections().aclose()


def _of_this_loop() -> _OfLoop:
    global _active  # noqa: PLW0603 - one worker, one loop
    loop = asyncio.get_running_loop()
    if _active is None or _active.loop is not loop:
        _active = _OfLoop(loop)
    return _active


async def redis_time(client: Any) -> float:
    """Seconds since 1970 by the clock of Redis, the only one that all workers share."""
    seconds, microseconds = await client.time()
    return float(seconds + microseconds / 1e6)


def _new_client() -> Any:
    return async_client(
        settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=1, max_connections=1
    )
