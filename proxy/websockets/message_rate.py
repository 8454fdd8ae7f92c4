"""How often a client may send."""

from __future__ import annotations

import time
from collections.abc import Callable

BURST_SECONDS = 5.0


class MessageRate:
    """So many messages a second on average; after a pause as many at once as in five seconds."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second * BURST_SECONDS)
        self._left = self._most
        self._clock = clock
        self._counted_at = clock()

    def admits(self) -> bool:
        """Whether one more may come now. One that may not is not counted."""
        if self._allowance() < 1:
            return False
        self._left -= 1
        return True

    def delay(self) -> float:
        """For how many seconds to hold up one that has come. It is counted."""
        missing = 1 - self._allowance()
        self._left -= 1
        return max(missing / self._per_second, 0.0)

    def _allowance(self) -> float:
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        return self._left
