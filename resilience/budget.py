"""How many attempts beyond the first a connection gets, so that retries pile up on no upstream.

A bucket of attempts gains a part of one for each first attempt, and 3 a second for connections with
little traffic. It holds what ten seconds bring, so much traffic can fail over for as long as little
can. It begins with enough for a breaker to open, as a gateway may start before an upstream that is
down. https://gateway-api.sigs.k8s.io/geps/gep-3388/
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection

PER_SECOND = 3.0
HELD_SECONDS = 10.0
AT_FIRST = PER_SECOND * 5.0


class RetryBudget:
    """The attempts that one connection has left, as one worker counts them."""

    __slots__ = ("_at", "_clock", "_gained_percent", "_left", "_recent")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = AT_FIRST
        self._at = clock()
        self._gained_percent = 0  # by first attempts since then
        self._recent = 0.0  # what about ten seconds of first attempts gained

    def note_first(self, percent: int) -> None:
        """A request makes its first attempt, which gains ``percent`` of one more."""
        self._gained_percent += percent

    def spend(self) -> bool:
        """Whether an attempt beyond the first may be made, which is then counted."""
        self._gain()
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

    def give_back(self) -> None:
        """The attempt that was just counted is not made."""
        self._left += 1.0

    def _gain(self) -> None:
        """Add up what came since it was last asked for, of which only the sum counts."""
        now = self._clock()
        seconds, gained = now - self._at, self._gained_percent / 100.0
        self._at, self._gained_percent = now, 0
        of_late = gained * min(HELD_SECONDS / seconds, 1.0) if seconds else gained
        self._recent = self._recent * math.exp(-seconds / HELD_SECONDS) + of_late
        most = PER_SECOND * HELD_SECONDS + self._recent
        self._left = min(self._left + seconds * PER_SECOND + gained, most)


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

    def forget_except(self, connection_ids: Collection[int]) -> None:
        """Forget the budgets of connections that no longer exist."""
        self._of = {id_: budget for id_, budget in self._of.items() if id_ in connection_ids}

    def reset(self) -> None:
        """Forget all budgets, so that tests begin without what others left."""
        self._of.clear()


retry_budgets = RetryBudgets()
