"""The API in this process: real views, registry and accounts over an upstream without a network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import orjson
from channels.db import database_sync_to_async

from accounts.models import ApiKey, User
from connections.calling.client import UpstreamClient
from connections.models import Connection
from models_registry.registry import Registry, activate
from proxy.client_side.handler import ApiHandler
from tests.support.asgi import AsgiClient
from usage.exchange import Exchange
from usage.in_flight import in_flight

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


@asynccontextmanager
async def running_api(answer: Answer, *, names: tuple[str, ...] = ("one",)) -> AsyncIterator[str]:
    """Connections that serve ``gpt-4o`` by ``answer``, and the key of somebody who may use it."""
    for name in names:
        await Connection.objects.acreate(
            name=name,
            base_url=f"https://{name}.example/v1",
            auth_type="none",
            model_ids=["gpt-4o"],
        )
    user = await User.objects.acreate(username="ada", is_staff=True)

    async def listed(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404) if request.method == "GET" else await answer(request)

    registry = Registry(UpstreamClient(httpx.MockTransport(listed)))
    await registry.reload()
    activate(registry)
    try:
        yield await _key_of(user)
    finally:
        activate(None)
        await registry.stop()


def chat(key: str, **fields: object) -> AsgiClient:
    """A chat that has yet to go ``through`` a handler."""
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    body = orjson.dumps({"model": "gpt-4o", "messages": [], **fields})
    return AsgiClient("POST", "/v1/chat/completions", headers=headers, body=[body])


async def exchange_of(client: AsgiClient) -> Exchange:
    """The account of the one request that ``client`` makes."""
    ended: list[Exchange] = []
    in_flight.on_close(ended.append)
    try:
        await client.through(ApiHandler())
    finally:
        in_flight.forget(ended.append)
    (exchange,) = ended
    return exchange


async def _key_of(user: User) -> str:
    issued: tuple[ApiKey, str] = await database_sync_to_async(ApiKey.objects.issue)(user)
    return issued[1]
