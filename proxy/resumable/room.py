"""How much of the memory of a worker recordings may take."""

from __future__ import annotations

from collections.abc import Callable


class Room:
    """Bytes that several recordings share, within a larger room if there is one.

    ``relieve`` gives up something that is finished, and says whether there was anything.
    """

    def __init__(
        self, limit_bytes: int, relieve: Callable[[], bool], *, within: Room | None = None
    ) -> None:
        self.size_bytes = 0
        self._limit_bytes = limit_bytes
        self._relieve = relieve
        self._within = within

    def take(self, size_bytes: int) -> None:
        """Count so many bytes more; a negative number gives them back."""
        self.size_bytes += size_bytes
        if self._within is not None:
            self._within.take(size_bytes)

    def is_overfull(self) -> bool:
        """Whether there is too much although all that is finished has been given up."""
        while self.size_bytes > self._limit_bytes and self._relieve():
            pass
        if self.size_bytes > self._limit_bytes:
            return True
        return self._within is not None and self._within.is_overfull()
