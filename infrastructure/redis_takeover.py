"""A connection to Redis that redis-py opens and another protocol reads.

redis-py knows Sentinels, TLS, users and databases; its commands cost several times what the bytes
of a command do. Its streams are a private member, ``_writer``: requirements/base.in pins redis-py
to the patch level, and ``tests/infrastructure/test_redis_takeover.py`` notices its loss.
"""

from __future__ import annotations

import asyncio
from typing import Any

import redis

from infrastructure.redis_servers import async_client

CONNECT_SECONDS = 1.0


class TakenOver(asyncio.Protocol):
    """What a protocol of a connection that was taken over begins with."""

    def __init__(self) -> None:
        self._client: Any = None
        self._before: Any = None
        self.transport: asyncio.Transport | None = None

    async def connect(self, url: str) -> None:
        """Open a connection to ``url`` and read from it. Raises ``redis.RedisError``, ``OSError``.

        Waits for each step up to ``CONNECT_SECONDS``.
        """
        timeouts = {"socket_timeout": CONNECT_SECONDS, "socket_connect_timeout": CONNECT_SECONDS}
        client: Any = async_client(url, **timeouts)
        try:
            connection = await client.connection_pool.get_connection()
            transport = connection._writer.transport
            self._before = transport.get_protocol()
            transport.set_protocol(self)
        except BaseException:
            await client.aclose()
            raise
        if transport.is_closing():
            await client.aclose()
            raise redis.ConnectionError("Connection closed by server.")
        self._client, self.transport = client, transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Subclasses call it: redis-py waits for it when it closes the connection."""
        self.transport = None
        self._before.connection_lost(exc)

    def abort(self) -> None:
        """Cut the connection. :meth:`connection_lost` follows."""
        if self.transport is not None:
            self.transport.abort()

    async def aclose(self) -> None:
        """Close the connection, if it is open, and return once it is."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
