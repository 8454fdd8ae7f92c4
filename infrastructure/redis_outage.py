"""Redis is gone, or back: one line of log for either, whichever parts of the gateway notice."""

from __future__ import annotations

import asyncio
import logging

import redis

from infrastructure.outages import Cause, outages
from infrastructure.redis_servers import async_client

logger = logging.getLogger(__name__)

REDIS = Cause(
    lost="Redis cannot be reached, so each worker goes on from its own memory and the database",
    back="Redis can be reached again",
)
# A Sentinel that knows no master, and a server that is loading or refuses the password, count too.
UNREACHABLE = (redis.ConnectionError, redis.TimeoutError, OSError)
LOOK_SECONDS = 1.0


def tell(consequence: str, error: Exception) -> None:
    """Log ``consequence`` of ``error``: only once in all while Redis cannot be reached."""
    if isinstance(error, UNREACHABLE):
        outages.begin(REDIS, error)
        logger.debug("%s: Redis says %r", consequence, error)
    else:  # it is full, or forbids something
        logger.warning("%s: Redis says %s", consequence, error)


async def is_answering(url: str) -> bool:
    """Whether the Redis of ``url`` answers within about a second or two. Logs what has changed."""
    try:
        async with async_client(url, socket_timeout=1, socket_connect_timeout=1) as client:
            await client.ping()
    except (redis.RedisError, OSError) as exc:
        tell("Redis does not answer", exc)
        return False
    outages.end(REDIS)
    return True


async def watch(url: str) -> None:
    """Notice that Redis is back. Asks only while it is gone; runs until cancelled.

    Without a ``url`` there is nothing to watch.
    """
    while url:
        await asyncio.sleep(LOOK_SECONDS)
        if outages.has(REDIS):
            await is_answering(url)
