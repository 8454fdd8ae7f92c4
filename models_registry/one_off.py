"""A registry for a command: asks what it must know, and ends with the command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.conf import settings

from connections.client import UpstreamClient
from connections.transport import AiohttpTransport
from models_registry.registry import Registry
from models_registry.snapshot import Snapshot


@asynccontextmanager
async def open_client() -> AsyncIterator[UpstreamClient]:
    """A client over a pool of its own."""
    client = UpstreamClient(
        AiohttpTransport(
            proxy=settings.GATEWAY_UPSTREAM_PROXY,
            allow_private=settings.GATEWAY_ALLOW_PRIVATE_UPSTREAMS,
        )
    )
    try:
        yield client
    finally:
        await client.aclose()


async def current_snapshot() -> Snapshot:
    """What a worker that starts now would serve. Upstreams are asked that nobody has a list of."""
    async with open_client() as client:
        registry = Registry(client)
        try:
            await registry.reload()
            await registry.settled()
            return registry.snapshot
        finally:
            await registry.stop()
