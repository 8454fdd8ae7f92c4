"""The pools of keys of a worker's open connections, for what looks at all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from connections.auth.key_pool import KeyPool
from connections.auth.key_states import KeyChange


class KeyPools:
    """By the id of the connection. ``on_change`` is called with it when a key's state changes."""

    def __init__(self) -> None:
        self.on_change: Callable[[int, KeyChange], None] | None = None
        self._pools: Mapping[int, KeyPool] = {}
        self._is_filled = False

    def of(self, connection_id: int) -> KeyPool | None:
        """None where the connection is not open, or has no keys."""
        return self._pools.get(connection_id)

    @property
    def is_filled(self) -> bool:
        """Whether connections have been opened here, as in a worker."""
        return self._is_filled

    def replace(self, pools: Mapping[int, KeyPool]) -> None:
        """Take ``pools`` for all there are."""
        for connection_id, pool in pools.items():
            pool.on_change = partial(self._tell, connection_id)
        self._pools = pools
        self._is_filled = True

    def _tell(self, connection_id: int, change: KeyChange) -> None:
        if self.on_change is not None:
            self.on_change(connection_id, change)


key_pools = KeyPools()  # the worker's own
