"""The lists that workers share: in Redis if there is one, else in the memory of the process.

Entries are bytes as they are, never pickled: whoever can write to Redis could run code here. Every
function blocks, for a second or two where Redis does not answer; call them from a thread. Then
Redis is left alone for a while, so that it holds up one question and not all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import redis
from django.conf import settings
from django.core.cache import cache
from django_redis import get_redis_connection  # type: ignore[import-untyped]
from redis.lock import Lock

from infrastructure import redis_outage

Answer = TypeVar("Answer")

PAUSE_SECONDS = 5.0

_asked_again_at = 0.0  # by time.monotonic


def get(key: str) -> bytes | None:
    """The entry, if there is one and it can be reached."""
    if not settings.REDIS_URL:
        found = cache.get(key)
        return found if isinstance(found, bytes) else None
    return _answer(lambda client: client.get(key), otherwise=None)  # type: ignore[return-value]


def put(key: str, entry: bytes, seconds: int) -> None:
    """Keep ``entry`` for so long. A Redis that is down or full keeps what it has."""
    if not settings.REDIS_URL:
        cache.set(key, entry, seconds)
        return
    _answer(lambda client: client.set(key, entry, ex=seconds), otherwise=None)


class RefreshLock:
    """The right to do what only one worker should do at a time. Give it back."""

    def __init__(self, lock: Lock | None = None) -> None:
        self._lock = lock

    def release(self) -> None:
        if self._lock is not None:
            with suppress(redis.RedisError):  # it has run out, or goes with Redis
                self._lock.release()


def take_lock(key: str, seconds: float) -> RefreshLock | None:
    """The lock at ``key``, for ``seconds`` at most; None while another worker has it.

    Without Redis, or while it is out of order, everybody has a lock.
    """
    if not settings.REDIS_URL:
        return RefreshLock()

    def ask(client: redis.Redis) -> RefreshLock | None:
        # Not thread-local: another thread may release it.
        lock = client.lock(f"{key}:lock", timeout=seconds, thread_local=False)
        return RefreshLock(lock) if lock.acquire(blocking=False) else None

    alone: RefreshLock | None = RefreshLock()
    return _answer(ask, otherwise=alone)


def _answer(ask: Callable[[redis.Redis], Answer], *, otherwise: Answer) -> Answer:
    global _asked_again_at  # noqa: PLW0603 - one Redis, one pause
    if time.monotonic() < _asked_again_at:
        return otherwise
    try:
        return ask(get_redis_connection("default"))
    except (redis.ConnectionError, redis.TimeoutError) as exc:
        _asked_again_at = time.monotonic() + PAUSE_SECONDS
        redis_outage.tell("workers share no lists of models for a while", exc)
    except redis.RedisError as exc:  # Redis is full, or the lock belongs to another worker
        redis_outage.tell("no list of models is kept", exc)
    return otherwise
