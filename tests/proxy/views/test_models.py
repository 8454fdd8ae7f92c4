"""Lists of models as clients get them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
from channels.db import database_sync_to_async

from accounts.models import ApiKey, User
from connections.calling.client import UpstreamClient
from connections.models import Connection
from models_registry.models import ModelGrant
from models_registry.registry import Registry, activate, active
from proxy.client_side.handler import ApiHandler
from tests.support.asgi import AsgiClient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def gateway(transactional_db) -> AsyncIterator[ApiHandler]:
    """Two connections; everyone may use what begins with ``a/``."""
    await Connection.objects.acreate(
        name="one", base_url="https://one.example/v1", model_ids=["a/b:free", "c"]
    )
    await Connection.objects.acreate(
        name="two", base_url="https://two.example/v1", model_ids=["d"], prefix_id="p"
    )
    await ModelGrant.objects.acreate(pattern="a/*", everyone=True)
    registry = Registry(UpstreamClient(httpx.MockTransport(lambda _: httpx.Response(500))))
    await registry.reload()
    activate(registry)
    yield ApiHandler()
    activate(None)
    await registry.stop()


@pytest.fixture
def key(transactional_db) -> str:
    return ApiKey.objects.issue(User.objects.create(username="ada"))[1]


@pytest.fixture
def staff_key(transactional_db) -> str:
    root = User.objects.create(username="root", is_staff=True, is_superuser=True)
    return ApiKey.objects.issue(root, scopes=["inference", "admin"])[1]


async def get(gateway: ApiHandler, path: str, key: str, query: bytes = b"") -> AsgiClient:
    headers = {"authorization": f"Bearer {key}"}
    return await AsgiClient("GET", path, headers=headers, query=query).through(gateway)


async def test_each_caller_sees_their_own_models(gateway, key, staff_key) -> None:
    for one, expected in ((key, ["a/b:free"]), (staff_key, ["a/b:free", "c", "p.d"])):
        client = await get(gateway, "/v1/models", one)
        assert client.json["object"] == "list"
        assert [model["id"] for model in client.json["data"]] == expected


async def test_a_model_is_found_by_an_id_with_slashes(gateway, key) -> None:
    client = await get(gateway, "/v1/models/a/b:free", key)
    assert client.status == 200
    assert (client.json["id"], client.json["object"]) == ("a/b:free", "model")


async def test_a_qualified_id_is_answered_as_asked(gateway, staff_key) -> None:
    client = await get(gateway, "/v1/models/two/d", staff_key)
    assert (client.status, client.json["id"]) == (200, "two/d")


async def test_what_is_not_granted_is_as_if_it_did_not_exist(gateway, key) -> None:
    not_granted = await get(gateway, "/v1/models/c", key)
    not_there = await get(gateway, "/v1/models/x", key)
    assert not_granted.status == not_there.status == 404
    assert not_granted.json["error"]["code"] == "model_not_found"
    assert not_granted.body.replace(b"`c`", b"`x`") == not_there.body


async def test_staff_see_one_connections_models_by_its_index(gateway, staff_key) -> None:
    client = await get(gateway, "/openai/models/1", staff_key)
    assert [model["id"] for model in client.json["data"]] == ["p.d"]
    assert (await get(gateway, "/openai/models/7", staff_key)).status == 404


async def test_a_staff_key_that_is_narrowed_sees_no_more_there(gateway) -> None:
    root = await User.objects.acreate(username="root", is_staff=True, is_superuser=True)
    _, key = await database_sync_to_async(ApiKey.objects.issue)(
        root, scopes=["inference", "admin"], model_patterns=["c"]
    )
    for path, expected in (("/v1/models", ["c"]), ("/openai/models/0", ["c"])):
        client = await get(gateway, path, key)
        assert [model["id"] for model in client.json["data"]] == expected


async def test_models_for_other_endpoints_are_listed_when_asked_for(gateway, staff_key) -> None:
    await Connection.objects.filter(name="one").aupdate(
        provider="openai", model_ids=["gpt-4o", "tts-1"]
    )
    await active().reload()
    lists = {}
    for query in (b"", b"all=true", b"all=1", b"all=no"):
        client = await get(gateway, "/v1/models", staff_key, query)
        lists[query] = [model["id"] for model in client.json["data"]]
    assert lists[b""] == lists[b"all=no"] == ["gpt-4o", "p.d"]
    assert lists[b"all=true"] == lists[b"all=1"] == ["gpt-4o", "tts-1", "p.d"]
    assert (await get(gateway, "/v1/models/tts-1", staff_key)).status == 200
    body = orjson.dumps({"model": "tts-1", "messages": []})
    headers = {"authorization": f"Bearer {staff_key}", "content-type": "application/json"}
    chat = AsgiClient("POST", "/v1/chat/completions", body=[body], headers=headers)
    await chat.through(gateway)
    assert (chat.status, chat.json["error"]["code"]) == (404, "model_not_found")


async def test_others_do_not(gateway, key) -> None:
    client = await get(gateway, "/openai/models/1", key)
    assert (client.status, client.json["error"]["code"]) == (403, "permission_denied")
