"""The client as the settings want it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.conf import settings

from accounts.outgoing_proxies import proxies_of_settings
from connections.calling.client import UpstreamClient
from connections.transport import AiohttpTransport


def make_client() -> UpstreamClient:
    """A client over a pool of its own. Close it."""
    return UpstreamClient(
        AiohttpTransport(
            proxy=proxies_of_settings(),
            allow_private=settings.GATEWAY_ALLOW_PRIVATE_UPSTREAMS,
        )
    )


@asynccontextmanager
async def open_client() -> AsyncIterator[UpstreamClient]:
    """:func:`make_client` for as long as the block lasts, for commands and pages."""
    client = make_client()
    try:
        yield client
    finally:
        await client.aclose()
