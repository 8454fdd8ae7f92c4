"""A clock that tests move, and chance that always falls the same way."""

from __future__ import annotations


class Clock:
    """Stands still until a test moves it; it does not begin at 0, as no real one does."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


def never() -> float:
    """The lowest number of chance, with which times have no jitter."""
    return 0.0
