"""Names that are remembered for some time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


class Recent(OrderedDict[Name, float]):
    """Names, with the time at which each was added, on any clock that does not go back.

    A dictionary itself, since each request asks it several times.
    """

    def __init__(self, seconds: float, most: int) -> None:
        super().__init__()
        self._seconds = seconds
        self._most = most

    def forget_old(self, now: float) -> None:
        """Forget those that are older than ``seconds``, and the oldest of more than ``most``."""
        limit = now - self._seconds
        while self:
            name = next(iter(self))
            if self[name] >= limit and len(self) <= self._most:
                return
            del self[name]
