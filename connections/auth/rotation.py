"""Several keys of one connection, used in turn; one that was refused steps back for a while."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from connections.upstream import UpstreamKey

STEP_BACK_SECONDS = 30.0
LONGEST_STEP_BACK_SECONDS = 600.0


class KeyRotation:
    """Hands out keys round-robin, those that stepped back last."""

    def __init__(
        self, keys: tuple[UpstreamKey, ...], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys = keys
        self._turn = itertools.count()
        self._clock = clock
        self._resting_until: dict[str, float] = {}

    def in_turn(self) -> tuple[UpstreamKey, ...]:
        """Every key, in the order in which one request should try them."""
        if len(self._keys) < 2:
            return self._keys
        start = next(self._turn) % len(self._keys)
        turned = self._keys[start:] + self._keys[:start]
        if not self._resting_until:
            return turned
        now = self._clock()
        return tuple(sorted(turned, key=lambda key: self._resting_until.get(key.id, 0.0) > now))

    def step_back(self, key: UpstreamKey, seconds: float | None = None) -> None:
        """Have ``key`` tried last for ``seconds``, as an upstream's Retry-After said."""
        rest = min(seconds or STEP_BACK_SECONDS, LONGEST_STEP_BACK_SECONDS)
        self._resting_until[key.id] = self._clock() + rest
