"""Meters in Redis with what holds while Redis cannot be asked.

::

    closed ── FAILURES in a row ──► open: MetersUnavailableError at once
       ▲                              │ after REST_SECONDS
       │ it passes                    ▼
       └──────────────────────── one take tries ── it fails ──► open

The gate decides for each limit what holds then: nothing is let through, everything is, or
:attr:`ResilientMeters.local` is asked in place of Redis. All that is settled comes to Redis once it
is back, wherever it was taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from infrastructure.outages import Cause, outages
from limits.meters.divided import DividedMeters
from limits.meters.interface import (
    Ask,
    Base,
    Meters,
    MetersUnavailableError,
    Reading,
    Refused,
    Settlement,
    Taken,
    Unknown,
)
from limits.meters.local import LocalMeters
from limits.meters.redis_meters import NotYetError, RedisMeters

T = TypeVar("T")

FAILURES = 3
REST_SECONDS = 1.0
AWAY = Cause(
    lost="Redis does not tell in time what was used, so limits hold as they are set up for that",
    back="Redis tells what was used of limits again",
)


class Breaker:
    """``clock`` tells seconds, and never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._rests_until = float("-inf")

    def admits(self) -> bool:
        """Whether to try now. While it is open, one try is let through after each rest."""
        if self._failures < FAILURES:
            return True
        if self._clock() < self._rests_until:
            return False
        self._rest()
        return True

    def succeed(self) -> None:
        self._failures = 0
        outages.end(AWAY)

    def fail(self, error: Exception) -> None:
        self._failures += 1
        if self._failures >= FAILURES:
            self._rest()
            outages.begin(AWAY, error)

    def _rest(self) -> None:
        self._rests_until = self._clock() + REST_SECONDS


class ResilientMeters:
    """``redis`` is asked as long as it answers. Belongs to the event loop, except ``flushed``."""

    def __init__(
        self,
        redis: RedisMeters,
        *,
        make_local: Callable[[int], Meters] = DividedMeters,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._breaker = Breaker(clock)
        self.local = LocalMeters(make_local, redis.reservations, lambda: redis.live_workers)

    @property
    def live_workers(self) -> int:
        """How many workers there are, as Redis said last."""
        return self._redis.live_workers

    async def take(self, reservation: str, asks: Sequence[Ask]) -> Taken | Refused | Unknown:
        return await self._tried(lambda: self._redis.take(reservation, asks))

    def settle(self, settlement: Settlement) -> None:
        self.local.settle(settlement)
        self._redis.settle(settlement)

    async def seed(self, bases: Sequence[Base]) -> None:
        """Raises ``MetersUnavailableError``."""
        await self._tried(lambda: self._redis.seed(bases))

    def flushed(self, bases: Sequence[Base]) -> None:
        self.local.flushed(bases)
        self._redis.flushed(bases)

    async def read(self, asks: Sequence[Ask]) -> tuple[Reading | None, ...]:
        """Raises ``MetersUnavailableError``."""
        return await self._tried(lambda: self._redis.read(asks))

    async def run(self) -> None:
        await self._redis.run()

    async def _tried(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if not self._breaker.admits():
            raise MetersUnavailableError("Redis did not answer a moment ago.")
        try:
            result = await call()
        except NotYetError:
            self._breaker.succeed()
            raise
        except MetersUnavailableError as exc:
            self._breaker.fail(exc)
            raise
        self._breaker.succeed()
        if self.local.is_active and not self._redis.is_rebuilding:
            self.local.end()
        return result
