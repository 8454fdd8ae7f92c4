"""Tries that are counted: how many there may be in how many seconds, and when the next may come.

The moments of the tries are kept in the cache, for all workers where that is Redis. While Redis is
down nothing is counted.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.cache import cache

LOCK_SECONDS = 10  # after which the worker that holds the lock counts as gone
LONGEST_WAIT_SECONDS = 1.0
WAIT_SECONDS = 0.01


class TooManyTriesError(Exception):
    """``seconds`` is how long until the next try may come, at least 1."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = max(1, int(seconds + 0.999))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most ``amount`` tries in ``seconds``."""

    amount: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The subject of counted tries: ``name`` tells it from others, as typed by people."""

    name: tuple[str, ...]
    limit: Limit

    def take(self) -> float:
        """Count a try and return its moment. Raises :class:`TooManyTriesError`."""
        with self._locked():
            now = time.time()
            moments = self._moments(now)
            if len(moments) >= self.limit.amount:
                raise TooManyTriesError(moments[-self.limit.amount] + self.limit.seconds - now)
            cache.set(self.key, [*moments, now], self.limit.seconds)
            return now

    def give_back(self, moment: float) -> None:
        """Count the try of ``moment`` no longer."""
        with self._locked():
            moments = [at for at in self._moments(time.time()) if at != moment]
            cache.set(self.key, moments, self.limit.seconds)

    def is_full(self) -> bool:
        return len(self._moments(time.time())) >= self.limit.amount

    @property
    def key(self) -> str:
        """Where the cache has the moments; ``:lock`` behind it is held by who counts."""
        # The limit is no part of the name: another one counts the same tries.
        return f"sign-in:{hashlib.sha256(repr(self.name).encode()).hexdigest()}"

    def _moments(self, now: float) -> list[float]:
        return [at for at in cache.get(self.key, []) if now - self.limit.seconds < at <= now]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Raises :class:`TooManyTriesError` where so many try at once that none gets its turn."""
        ends_at = time.monotonic() + LONGEST_WAIT_SECONDS
        # False: another one has it. None: the cache is down.
        while (taken := cache.add(f"{self.key}:lock", 1, LOCK_SECONDS)) is False:
            if time.monotonic() > ends_at:
                raise TooManyTriesError(1)
            time.sleep(WAIT_SECONDS)
        try:
            yield
        finally:
            if taken:
                cache.delete(f"{self.key}:lock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """One try, as it was counted in several buckets."""

    counted: tuple[tuple[Bucket, float], ...]

    def give_back(self) -> None:
        """Count it no longer: it was a good one."""
        for bucket, moment in self.counted:
            bucket.give_back(moment)


def take(*buckets: Bucket) -> Tries:
    """Count a try in each bucket, or in none. Raises :class:`TooManyTriesError`."""
    counted: list[tuple[Bucket, float]] = []
    for bucket in buckets:
        try:
            counted.append((bucket, bucket.take()))
        except TooManyTriesError:
            Tries(counted=tuple(counted)).give_back()
            raise
    return Tries(counted=tuple(counted))
