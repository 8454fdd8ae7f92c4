"""Asking the meters from where no request is: pages of the admin and commands.

A worker asks its own. Any other process, which counts nothing itself, asks Redis where there is
one, and knows nothing otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from asgiref.sync import async_to_sync
from django.conf import settings

from limits.admission.gate import gate
from limits.meters.interface import Ask, MetersUnavailableError, Reading
from models_registry.registry import is_running

SOCKET_SECONDS = 1.0
EPOCH = "look"  # how an epoch begins that a look at an empty Redis begins

Readings = tuple[Reading | None, ...]


def read_now(asks: Sequence[Ask]) -> Readings:
    """What is used now; None for a meter that cannot be asked here, or that knows nothing.

    For threads, and not for the event loop's.
    """
    nothing: Readings = (None,) * len(asks)
    if not asks or not (is_running() or settings.REDIS_URL):
        return nothing
    try:
        if is_running():
            return async_to_sync(gate.meters.read)(asks)
        return async_to_sync(_read_redis)(settings.REDIS_URL, asks)
    except MetersUnavailableError:
        return nothing


async def _read_redis(url: str, asks: Sequence[Ask]) -> Readings:
    """Raises ``MetersUnavailableError``."""
    import redis  # slow to import: a command without Redis does without

    from infrastructure.redis_servers import async_client
    from limits.meters import redis_scripts
    from limits.meters.redis_replies import Reply, readings_of

    timeouts = {"socket_timeout": SOCKET_SECONDS, "socket_connect_timeout": SOCKET_SECONDS}
    client = async_client(url, **timeouts)
    try:
        reply = Reply.of(await redis_scripts.run(client, redis_scripts.read(asks, EPOCH)))
    except (redis.RedisError, OSError) as exc:
        raise MetersUnavailableError(str(exc)) from exc
    finally:
        await client.aclose()
    return tuple(None if one.used < 0 else one for one in readings_of(asks, reply))
