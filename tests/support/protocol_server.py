"""uvicorn with the gateway's protocol, on loopback, in the loop of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from gateway_project.protocol import GatewayProtocol
from proxy.client_side.scope_extensions import ABORT_EXTENSION


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Say how many headers came, and whether the connection can be dropped."""
    has_abort = callable(scope["extensions"][ABORT_EXTENSION])
    body = f"{len(scope['headers'])} {has_abort}".encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(application: Any = echo) -> AsyncIterator[int]:
    """The port of a server that is up."""
    config = uvicorn.Config(
        application, http=GatewayProtocol, lifespan="off", log_config=None, access_log=False
    )
    async with serving_as(config) as port:
        yield port


@asynccontextmanager
async def serving_as(
    config: uvicorn.Config, *, headers: Sequence[tuple[bytes, bytes]] = ()
) -> AsyncIterator[int]:
    """The port of a server with this ``config``, which adds ``headers`` to each response."""
    config.load()
    loop = asyncio.get_running_loop()
    state = uvicorn.server.ServerState()
    state.default_headers = list(headers)
    server = await loop.create_server(
        lambda: GatewayProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]
        for connection in list(state.connections):
            connection.shutdown()


async def answer(port: int, head: bytes) -> bytes:
    """All that the server says to ``head``, until it ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    try:
        return await reader.read()
    finally:
        writer.close()


def a_head(*lines: bytes) -> bytes:
    """A request behind which the connection ends."""
    fields = (b"Host: a", b"Connection: close", *lines)
    return b"\r\n".join((b"GET / HTTP/1.1", *fields, b"", b""))
