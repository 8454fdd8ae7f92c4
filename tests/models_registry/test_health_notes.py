"""What a worker hears of connections is kept, and a failure is looked at more closely."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest
from channels.db import database_sync_to_async
from django.core.cache import cache

from connections.calling.client import UpstreamClient
from connections.calling.client_of_settings import open_client
from connections.health import Kind, connection_states
from connections.models import Connection, ConnectionHealth, LastVerification
from models_registry.registry import Registry

pytestmark = pytest.mark.django_db(transaction=True)


def answering(*statuses: int) -> UpstreamClient:
    """An upstream that gives these statuses one after the other, each 200 with two models."""
    left = list(statuses)

    def answer(_request: httpx.Request) -> httpx.Response:
        status = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(status, json={"data": ["a", "b"]} if status == 200 else {})

    return UpstreamClient(httpx.MockTransport(answer))


async def asked(registry: Registry, times: int = 1) -> None:
    await registry.reload(is_refreshing=False)
    for _ in range(times):
        await asyncio.gather(*registry.refresh_soon())


async def a_connection(**fields: object) -> Connection:
    await cache.aclear()
    fields = {"name": "one", "base_url": "https://one.example/v1"} | fields
    return await Connection.objects.acreate(**fields)


async def states():
    return await database_sync_to_async(connection_states)()


async def test_a_list_is_kept_with_its_count() -> None:
    await a_connection()
    await asked(Registry(answering(200)))
    [state] = await states()
    assert (state.kind, state.model_count, state.is_stale) == (Kind.WORKS, 2, False)


async def test_a_refused_key_is_kept_as_the_cause() -> None:
    await a_connection()
    await asked(Registry(answering(200, 401)), times=2)
    [state] = await states()
    assert (state.kind, state.model_count, state.is_stale) == (Kind.KEY_REFUSED, 2, True)
    assert state.problem == "The upstream answered 401 when asked for its models."


async def test_the_same_again_is_not_written_each_time(django_assert_num_queries) -> None:
    await a_connection()
    registry = Registry(answering(200))
    await asked(registry)
    first = await ConnectionHealth.objects.aget()
    await asked(registry, times=3)
    assert (await ConnectionHealth.objects.aget()).checked_at == first.checked_at


async def test_a_failure_is_verified_layer_by_layer_once() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        await a_connection(base_url=f"http://127.0.0.1:{port}/v1", auth_type="none")
        async with open_client() as client:
            registry = Registry(client)
            await asked(registry)
            await registry.inspect_failing()
            kept = await LastVerification.objects.aget()
            await registry.inspect_failing()
    assert [step["name"] for step in kept.steps] == ["dns", "tcp", "auth", "models"]
    assert (await LastVerification.objects.aget()).started_at == kept.started_at
    [state] = await states()
    assert (state.kind, state.problem) == (Kind.PORT_REFUSED, f"Port {port} is refused.")


async def test_what_works_is_not_verified() -> None:
    await a_connection()
    registry = Registry(answering(200))
    await asked(registry)
    await registry.inspect_failing()
    assert not await LastVerification.objects.aexists()
