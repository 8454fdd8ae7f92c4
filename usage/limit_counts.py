"""How many requests and attempts limits refuse and have wait, by the labels of the limits."""

from __future__ import annotations

from collections import Counter

MOST_LABELS = 500  # administrators make them; renamed ones stay until the worker ends
OTHERS = ""


class LimitCounts:
    """Those of this worker. ``waiting`` is how many requests wait at the moment."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self.queued: Counter[str] = Counter()
        self.waiting = 0

    def refuse(self, label: str) -> None:
        _count(self.refused, label)

    def queue(self, label: str) -> None:
        _count(self.queued, label)


def _count(counter: Counter[str], label: str) -> None:
    counter[label if label in counter or len(counter) < MOST_LABELS else OTHERS] += 1


limit_counts = LimitCounts()
