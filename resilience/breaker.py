"""A breaker: keeps requests away from a target that fails, and finds out when it is back.

    closed --- 5 connect failures in a row, or half of 10 or more outcomes in 20 s ---> open
      ^                                                                                 |  ^
      |                                                          3 s, doubling to 300 s |  |
      |                                                                                 v  |
      +------------- two successes, one request at a time --------------- half-open -- a failure

What reaches an upstream that fails is bounded, too: after ten failures that it may have seen there
is no slot until the first of them is 20 s old. Failures to connect cost an upstream nothing and do
not count there.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable

from resilience.verdict import Signal

WINDOW_SECONDS = 20.0
LEAST_OUTCOMES = 10
FAILING_SHARE = 0.5
CONNECT_FAILURES_IN_A_ROW = 5
FIRST_OPEN_SECONDS = 3.0
LONGEST_OPEN_SECONDS = 300.0
JITTER = 0.25  # the part of the time that chance decides on, so that workers do not come at once
SUCCESSES_TO_CLOSE = 2
# A request that took the slot may never be sent, when its client hangs up.
SLOT_SECONDS = 30.0


class Breaker:
    """Whether one target fails, from what its requests ended with.

    ``opened_at`` and ``ends_at`` are on ``clock`` and 0.0 while it is closed.
    """

    __slots__ = (
        "_clock",
        "_connect_failures",
        "_failures",
        "_outcomes",
        "_rng",
        "_seen_failures",
        "_slot",
        "_slot_until",
        "_successes",
        "_times_opened",
        "ends_at",
        "has_slot_to_claim",
        "opened_at",
    )

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._rng = rng
        self._outcomes: deque[float] = deque()
        self._failures: deque[float] = deque()
        self._seen_failures: deque[float] = deque(maxlen=LEAST_OUTCOMES)
        self._connect_failures = 0
        self._times_opened = 0
        self.opened_at = 0.0
        self.ends_at = 0.0
        self._slot = 0
        self._slot_until = 0.0
        self.has_slot_to_claim = False
        self._successes = 0

    @property
    def is_closed(self) -> bool:
        return not self.ends_at

    @property
    def is_open(self) -> bool:
        """Whether requests stay away; False once it is half-open."""
        return self.ends_at > 0.0 and self.ends_at > self._clock()

    def try_half_open(self) -> bool:
        """Take the slot of a half-open breaker; False if another request has it.

        The next attempt claims it. It is free again once this attempt gives it back, or after 30 s.
        """
        now = self._clock()
        if not 0.0 < self.ends_at <= now or now < self._slot_until:
            return False
        seen = self._seen_failures
        if len(seen) == LEAST_OUTCOMES and now - seen[0] < WINDOW_SECONDS:
            return False
        self._slot += 1
        self._slot_until = now + SLOT_SECONDS
        self.has_slot_to_claim = True
        return True

    def claim_slot(self) -> int:
        """The slot for the attempt that begins now; 0 if none waits for its attempt."""
        if not self.has_slot_to_claim:
            return 0
        self.has_slot_to_claim = False
        return self._slot

    def give_back(self, slot: int) -> None:
        """Free ``slot``, unless its time was over and another attempt has the next one."""
        if slot == self._slot:
            self._free_slot()

    def _free_slot(self) -> None:
        self._slot_until = 0.0
        self.has_slot_to_claim = False

    def note(
        self, signal: Signal, *, is_connect_failure: bool = False, now: float | None = None
    ) -> bool:
        """Count how a request ended, at ``now``. Whether the breaker opened or closed by it."""
        if signal is Signal.NOTHING:
            return False
        now = self._clock() if now is None else now
        is_failure = signal is Signal.FAILURE
        self._count(now, is_failure=is_failure, is_connect_failure=is_connect_failure)
        if not self.ends_at:
            return bool(self._failures) and self._opens(now)
        if self.ends_at > now:  # a request from before it opened, or of a route without another
            return False
        if is_failure:
            self._open(now)
            return True
        self._successes += 1
        if self._successes < SUCCESSES_TO_CLOSE:
            return False
        self.close()
        return True

    def restore(self, ends_at: float) -> None:
        """Be open until ``ends_at``, as another worker found out."""
        if ends_at > self.ends_at:
            self.opened_at = self._clock()
            self.ends_at = ends_at
            self._times_opened = max(self._times_opened, 1)
            self._successes = 0

    def close(self) -> None:
        """Forget all failures."""
        self._outcomes.clear()
        self._failures.clear()
        self._seen_failures.clear()
        self._connect_failures = self._times_opened = self._successes = 0
        self.opened_at = self.ends_at = 0.0
        self._free_slot()

    def _count(self, now: float, *, is_failure: bool, is_connect_failure: bool) -> None:
        self._outcomes.append(now)
        if is_failure:
            self._failures.append(now)
            if not is_connect_failure:
                self._seen_failures.append(now)
        self._connect_failures = self._connect_failures + 1 if is_connect_failure else 0
        oldest = now - WINDOW_SECONDS
        while self._outcomes[0] < oldest:
            self._outcomes.popleft()
        failures = self._failures
        while failures and failures[0] < oldest:
            failures.popleft()

    def _opens(self, now: float) -> bool:
        is_failing = len(self._outcomes) >= LEAST_OUTCOMES and len(
            self._failures
        ) >= FAILING_SHARE * len(self._outcomes)
        if not is_failing and self._connect_failures < CONNECT_FAILURES_IN_A_ROW:
            return False
        self._open(now)
        return True

    def _open(self, now: float) -> None:
        seconds = min(FIRST_OPEN_SECONDS * 2.0**self._times_opened, LONGEST_OPEN_SECONDS)
        self.opened_at = now
        self.ends_at = now + seconds * (1.0 - JITTER * self._rng())
        self._times_opened = min(self._times_opened + 1, 10)
        self._successes = 0
        self._free_slot()
