"""How much of conversations sockets may remember for their clients.

A Responses socket holds the one conversation that nobody stores, for as long as it is open.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings


@dataclass(slots=True, kw_only=True)
class HeldHistory:
    """The bytes that sockets of this process remember, for each key and in all."""

    most_bytes_per_key: int
    most_bytes: int
    bytes_held: int = field(default=0, init=False)
    _by_key: Counter[str] = field(default_factory=Counter, init=False)

    def hold(self, key: str, size: int, *, instead_of: int) -> bool:
        """Count ``size`` bytes of a socket ``instead_of`` those before. False without room.

        Then none are counted any more.
        """
        self._add(key, -instead_of)
        has_room = (
            self._by_key[key] + size <= self.most_bytes_per_key
            and self.bytes_held + size <= self.most_bytes
        )
        self._add(key, size if has_room else 0)
        return has_room

    def _add(self, key: str, size: int) -> None:
        self.bytes_held += size
        self._by_key[key] += size
        if not self._by_key[key]:
            del self._by_key[key]


@cache
def held_history() -> HeldHistory:
    """That of this process, with the caps that the settings say."""
    return HeldHistory(
        most_bytes_per_key=settings.GATEWAY_WS_HELD_BYTES_PER_KEY,
        most_bytes=settings.GATEWAY_WS_HELD_BYTES,
    )
