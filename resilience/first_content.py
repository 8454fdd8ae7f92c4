"""How long a target takes to its first content, where what is new counts more than what is old."""

from __future__ import annotations

HALF_LIFE_SECONDS = 10.0


class FirstContent:
    """The samples of one target, each of which a half-life makes count half.

    Times ``now`` are on the clock of the states.
    """

    __slots__ = ("_at", "_seconds", "_weight", "samples")

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin as for a new target."""
        self.samples = 0
        self._seconds = self._weight = self._at = 0.0

    def note(self, seconds: float, now: float) -> None:
        """The first content of a request came after ``seconds``."""
        kept = 0.5 ** ((now - self._at) / HALF_LIFE_SECONDS) if self.samples else 0.0
        self._seconds = self._seconds * kept + seconds
        self._weight = self._weight * kept + 1.0
        self._at = now
        self.samples += 1

    def mean(self, now: float, *, is_busy: bool) -> float | None:
        """The mean in seconds, None before the first sample.

        The mean of a target that is not asked shrinks by the half-life, so that one that was slow
        is tried again.
        """
        if not self.samples:
            return None
        mean = self._seconds / self._weight
        return mean if is_busy else mean * 0.5 ** ((now - self._at) / HALF_LIFE_SECONDS)
