"""What waits in the journal in Redis, for commands. Nothing is told where no Redis is named.

It is looked at also where records go to files: some may be left of a time when they went to Redis.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.management.base import CommandError

Figures = dict[str, int]


def redis_state() -> Figures:
    """The records in Redis and the torn ones. Raises ``CommandError`` if Redis does not answer."""
    from usage.journal_stream import stream_state  # slow to import

    return _asked(stream_state)


def flush_redis() -> Figures:
    """Move all that is there, also what a worker may be about to move: a record is stored once.

    Raises ``django.db.Error``, and ``CommandError`` if Redis does not answer.
    """
    from usage.journal_stream import flushed

    return _asked(flushed)


def _asked(ask: Callable[[str], Figures]) -> Figures:
    if not settings.REDIS_URL:
        return {}
    import redis

    try:
        return ask(settings.REDIS_URL)
    except (redis.RedisError, OSError) as exc:
        raise CommandError(f"Redis does not answer: {type(exc).__name__}.") from exc
