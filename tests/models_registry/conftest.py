"""A registry that serves in the process of the tests, as in a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from django.core.cache import cache

from accounts.models import User
from connections.calling.client import UpstreamClient
from connections.models import Connection
from models_registry.models import ModelGrant
from models_registry.registry import Registry, activate

LISTS: dict[str, list[str] | None] = {
    "one": ["shared", "<script>alert(1)</script>"],
    "two": ["shared", "whisper-1"],
    "down": None,
}


@contextmanager
def serving_lists(lists: dict[str, list[str] | None]) -> Iterator[None]:
    """This process serves a connection for each of ``lists``; None stands for no list.

    Alice may use "two", and "down" has a model that was entered.
    """

    def answer(request: httpx.Request) -> httpx.Response:
        models = lists[request.url.host.removesuffix(".example")]
        if models is None:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json={"data": models})

    cache.clear()
    ModelGrant.objects.create(pattern="two/*", user=User.objects.create_user("alice"))
    for number, name in enumerate(lists):
        Connection.objects.create(
            name=name,
            provider="openai" if name == "two" else "compatible",
            base_url=f"https://{name}.example/v1",
            auth_type="none",
            priority=number,
            model_ids=["kept"] if name == "down" else [],
        )
    registry = Registry(UpstreamClient(httpx.MockTransport(answer)))

    async def load() -> None:
        await registry.reload()
        await asyncio.gather(*registry.refresh_soon())

    asyncio.run(load())
    activate(registry)
    yield
    activate(None)
    cache.clear()


@pytest.fixture
def serving(db: None) -> Iterator[None]:
    """Three connections; one of them gives no list."""
    with serving_lists(LISTS):
        yield
