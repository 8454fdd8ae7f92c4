"""When a second target is asked while the first is silent: seldom, late, and for small requests."""

from __future__ import annotations

from collections import deque

from resilience.policy import Policy

SHORTEST_SECONDS = 0.5
LARGEST_BODY_BYTES = 64 * 1024
SHARE = 0.05  # of first attempts
MOST = 10.0
KEPT_SAMPLES = 200


class Hedge:
    """The times of one route, and the hedges that it has left."""

    __slots__ = ("_left", "_seconds")

    def __init__(self) -> None:
        self._left = 1.0
        self._seconds: deque[float] = deque(maxlen=KEPT_SAMPLES)

    def note_first(self) -> None:
        """A request makes its first attempt."""
        self._left = min(self._left + SHARE, MOST)

    def note_content(self, seconds: float) -> None:
        """The first content came after ``seconds``."""
        self._seconds.append(seconds)

    def after_seconds(self, policy: Policy, body_bytes: int) -> float | None:
        """How long the first target may be silent; None if no other is asked meanwhile.

        That is as long as 95 of 100 requests of the route take to their first content, the
        policy's time at least, and half a second in any case.
        """
        if not policy.hedges or body_bytes > LARGEST_BODY_BYTES:
            return None
        return max(self._usual_seconds(), policy.hedge_after_seconds, SHORTEST_SECONDS)

    def spend(self) -> bool:
        """Whether a hedge may be sent, which is then counted: one for each 20 first attempts."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

    def give_back(self) -> None:
        """The hedge that was counted is not sent after all."""
        self._left = min(self._left + 1.0, MOST)

    def _usual_seconds(self) -> float:
        if not self._seconds:
            return 0.0
        in_order = sorted(self._seconds)
        return in_order[(len(in_order) * 95 - 1) // 100]


class Hedges:
    """What each route knows of hedging, by its public id."""

    def __init__(self) -> None:
        self._of: dict[str, Hedge] = {}

    def of(self, model: str) -> Hedge:
        """What the route knows."""
        hedge = self._of.get(model)
        if hedge is None:
            hedge = self._of[model] = Hedge()
        return hedge

    def reset(self) -> None:
        """Forget all routes, so that tests begin without what others left."""
        self._of.clear()


hedges = Hedges()
