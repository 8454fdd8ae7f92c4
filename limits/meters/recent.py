"""Names that are remembered for some time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)


class Recent(Generic[Name]):
    """Times ``now`` are seconds on any clock, and are not to go back."""

    __slots__ = ("_added", "_seconds")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._added: OrderedDict[Name, float] = OrderedDict()

    def __contains__(self, name: Name) -> bool:
        return name in self._added

    def __len__(self) -> int:
        return len(self._added)

    def add(self, name: Name, now: float) -> None:
        self._added[name] = now

    def remove(self, name: Name) -> bool:
        """Whether it was there."""
        return self._added.pop(name, None) is not None

    def forget_old(self, now: float) -> None:
        limit = now - self._seconds
        added = self._added
        while added:
            name = next(iter(added))
            if added[name] >= limit:
                return
            del added[name]
