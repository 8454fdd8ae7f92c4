"""A registry for a command: asks what it must know, and ends with the command."""

from __future__ import annotations

from connections.calling.client_of_settings import open_client
from models_registry.registry import Registry
from models_registry.snapshot import Snapshot


async def current_snapshot() -> Snapshot:
    """The snapshot of this moment. Only upstreams whose list is not kept are asked."""
    async with open_client() as client:
        registry = Registry(client)
        try:
            await registry.reload(is_refreshing=False)
            await registry.settled()
            return registry.snapshot
        finally:
            await registry.stop()
