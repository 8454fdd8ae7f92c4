"""How many attempts beyond the first a connection gets, so that retries pile up on no upstream.

A bucket of attempts gains a part of one for each first attempt, and 3 a second for connections with
little traffic. It begins with enough for a breaker to open, as a gateway may start before an
upstream that is down. https://gateway-api.sigs.k8s.io/geps/gep-3388/
"""

from __future__ import annotations

import time
from collections.abc import Callable

PER_SECOND = 3.0
MOST = PER_SECOND * 10.0
AT_FIRST = PER_SECOND * 5.0


class RetryBudget:
    """The attempts that one connection has left, as one worker counts them."""

    __slots__ = ("_at", "_clock", "_left")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = AT_FIRST
        self._at = clock()

    def note_first(self, percent: int) -> None:
        """A request makes its first attempt, which gains ``percent`` of one more."""
        self._gain(percent / 100.0)

    def spend(self) -> bool:
        """Whether an attempt beyond the first may be made, which is then counted."""
        self._gain(0.0)
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

    def _gain(self, attempts: float) -> None:
        now = self._clock()
        self._left = min(self._left + (now - self._at) * PER_SECOND + attempts, MOST)
        self._at = now


class RetryBudgets:
    """The budget of each connection."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of: dict[int, RetryBudget] = {}

    def of(self, connection_id: int) -> RetryBudget:
        """The budget of the connection."""
        budget = self._of.get(connection_id)
        if budget is None:
            budget = self._of[connection_id] = RetryBudget(self._clock)
        return budget

    def reset(self) -> None:
        """Forget all budgets, so that tests begin without what others left."""
        self._of.clear()


retry_budgets = RetryBudgets()
