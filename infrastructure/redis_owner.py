"""Whose a Redis database is: two gateways in one would count for each other's limits.

A gateway writes its name there while it runs, and another one that finds it says so. The name is
made from ``SECRET_KEY``, which all workers and hosts of a gateway share, and tells nothing of it.
"""

from __future__ import annotations

import asyncio
import logging

import redis
from django.conf import settings
from django.utils.crypto import salted_hmac

from infrastructure.redis_servers import async_client, client

logger = logging.getLogger(__name__)

KEY = "gatehouse:owner"
HELD_SECONDS = 3600  # after the last worker of a gateway has gone
LOOK_SECONDS = 600.0
TIMEOUT_SECONDS = 2.0


def own_name() -> str:
    return salted_hmac("gatehouse.redis", settings.SECRET_KEY, algorithm="sha256").hexdigest()[:16]


def is_of_another(url: str) -> bool:
    """Whether another gateway has the Redis of ``url``.

    Raises ``redis.RedisError`` or ``OSError``.
    """
    timeouts = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
    with client(url, **timeouts) as server:
        return _is_other(server.get(KEY))


async def claimed(url: str) -> bool:
    """Whether this gateway has the Redis of ``url`` now. Raises as :func:`is_of_another`."""
    timeouts = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
    async with async_client(url, **timeouts) as server:
        await server.set(KEY, own_name(), nx=True, ex=HELD_SECONDS)
        if _is_other(await server.get(KEY)):
            return False
        await server.expire(KEY, HELD_SECONDS)
    return True


async def keep(url: str) -> None:
    """Hold the Redis of ``url``, and log an error while another gateway does. Runs until cancelled.

    Without a ``url`` there is nothing to hold.
    """
    while url:
        try:
            if not await claimed(url):
                logger.error(
                    "Another gateway, with another SECRET_KEY, uses the Redis database of "
                    "REDIS_URL: the limits of both count for each other. Give one of them a "
                    "database of its own."
                )
        except (redis.RedisError, OSError):
            logger.debug("Redis does not say whose it is", exc_info=True)
        await asyncio.sleep(LOOK_SECONDS)


def _is_other(name: bytes | str | None) -> bool:
    if name is None:
        return False
    return (name.decode(errors="replace") if isinstance(name, bytes) else name) != own_name()
