"""What a request leaves behind is freed at once: the garbage collector halts every stream."""

import asyncio
import gc
from collections import Counter

import pytest
from channels.db import database_sync_to_async

from accounts.models import ApiKey, User
from connections.calling.client import UpstreamClient
from connections.models import Connection
from connections.transport import AiohttpTransport
from models_registry.registry import Registry, activate
from proxy.client_side.handler import ApiHandler
from tests.support.upstream import ScriptedUpstream
from tests.usage.in_process import chat

REQUESTS = 5
ROOMS = {
    "accounts",
    "audio",
    "connections",
    "gateway_project",
    "infrastructure",
    "models_registry",
    "proxy",
    "resilience",
    "usage",
    "wire_formats",
}
LIBRARIES = {"aiohttp", "django", "httpx", "rest_framework"}


@pytest.fixture
async def key(transactional_db):
    """Somebody's key, for ``gpt-4o`` over a real connection."""
    with ScriptedUpstream() as upstream:
        await Connection.objects.acreate(
            name="one", base_url=upstream.url, auth_type="none", model_ids=["gpt-4o"]
        )
        user = await User.objects.acreate(username="ada", is_staff=True)
        client = UpstreamClient(AiohttpTransport())
        registry = Registry(client)
        await registry.reload()
        activate(registry)
        yield (await database_sync_to_async(ApiKey.objects.issue)(user))[1]
        activate(None)
        await registry.stop()
        await client.aclose()


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("key_is_known", [False, True])
async def test_a_request_leaves_no_garbage(key, is_streamed, key_is_known):
    handler = ApiHandler()

    async def ask():
        presented = key if key_is_known else f"{key}x"
        asked = chat(presented, stream=is_streamed)
        answer = await asyncio.create_task(asked.through(handler))  # as servers do it
        assert answer.status == (200 if key_is_known else 401)

    for _ in range(3):
        await ask()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        for _ in range(REQUESTS):
            await ask()
        gc.collect()
        left = Counter(type(found).__module__.partition(".")[0] for found in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    # The upstream of this test runs in the same process and does leave some.
    assert not {name: count for name, count in left.items() if name in ROOMS | LIBRARIES}
