"""What an admin says about a model, as its upstream gets to know it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from accounts.models import ApiKey, User
from connections.calling.client import UpstreamClient
from connections.models import Connection
from models_registry.models import Family, ModelGrant, RegisteredModel
from models_registry.registration import Registration
from models_registry.registry import Registry, activate, active
from proxy.client_side.handler import ApiHandler
from tests.support.asgi import AsgiClient
from tests.support.builders import an_upstream, the_targets

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER = {"object": "chat.completion", "choices": [], "usage": None}


@pytest.fixture
def sent() -> list[Any]:
    """The bodies that reached the upstream."""
    return []


@pytest.fixture
async def gateway(transactional_db, sent: list[Any]) -> AsyncIterator[ApiHandler]:
    """``thinker`` is a deployment that reasons, with defaults; everyone may use it."""

    async def upstream(request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        is_form = request.headers["content-type"].startswith("multipart/")
        sent.append(body if is_form else orjson.loads(body))
        return httpx.Response(200, json=ANSWER)

    row = await Connection.objects.acreate(
        name="azure",
        provider="azure",
        base_url="https://a.example/openai/v1",
        auth_type="none",
        model_ids=["prod-7"],
    )
    await RegisteredModel.objects.acreate(
        connection=row,
        model="prod-7",
        public_id="thinker",
        family=Family.REASONING,
        default_parameters={"max_tokens": 50, "seed": 7},
    )
    await ModelGrant.objects.acreate(pattern="thinker", everyone=True)
    registry = Registry(UpstreamClient(httpx.MockTransport(upstream)))
    await registry.reload()
    activate(registry)
    yield ApiHandler()
    activate(None)
    await registry.stop()


async def chat(gateway: ApiHandler, key: str, **fields: Any) -> int:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    body = orjson.dumps({"messages": [{"role": "system", "content": "x"}]} | fields)
    client = AsgiClient("POST", "/v1/chat/completions", body=[body], headers=headers)
    return (await client.through(gateway)).status


@pytest.fixture
def key(transactional_db) -> str:
    return ApiKey.objects.issue(User.objects.create(username="ada"))[1]


@pytest.mark.parametrize("model", ["thinker", "azure/prod-7"])
async def test_alias_defaults_and_family_count(gateway, key, sent, model) -> None:
    assert await chat(gateway, key, model=model, seed=1) == 200
    [body] = sent
    assert (body["model"], body["seed"], body["max_completion_tokens"]) == ("prod-7", 1, 50)
    assert "max_tokens" not in body
    assert body["messages"][0]["role"] == "developer"


async def test_facts_about_the_family_count(gateway, key, sent) -> None:
    row = await RegisteredModel.objects.aget()
    row.family, row.family_facts = Family.AUTO, {"like": "o1-mini"}
    await row.asave()
    await active().reload()
    assert await chat(gateway, key, model="thinker") == 200
    assert (sent[0]["messages"][0]["role"], sent[0]["max_completion_tokens"]) == ("user", 50)


async def test_facts_that_make_no_sense_leave_the_model_callable(gateway, key, sent) -> None:
    await RegisteredModel.objects.aupdate(family_facts={"colour": "red"})
    await active().reload()
    assert await chat(gateway, key, model="thinker") == 200


async def test_what_the_client_gave_stays(gateway, key, sent) -> None:
    assert await chat(gateway, key, model="thinker", max_completion_tokens=9) == 200
    assert (sent[0]["max_completion_tokens"], "max_tokens" in sent[0]) == (9, False)


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("chat/completions", {"seed": 7}),
        ("messages", {}),
        ("messages/count_tokens", {}),
        ("responses", {}),
    ],
)
def test_apis_with_parameters_of_their_own_get_no_defaults(endpoint: str, expected: dict) -> None:
    registered = Registration(default_parameters={"seed": 7})
    [target] = the_targets(an_upstream(), "m", m=registered)
    assert target.body({}, endpoint) == expected


async def test_the_name_behind_an_alias_is_unknown(gateway, key, sent) -> None:
    assert await chat(gateway, key, model="prod-7") == 404
    assert sent == []


@pytest.mark.parametrize("path", ["images/edits", "images/variations", "audio/transcriptions"])
async def test_defaults_go_up_with_forms(gateway, key, sent, path) -> None:
    headers = {
        "authorization": f"Bearer {key}",
        "content-type": "multipart/form-data; boundary=b",
    }
    field, file = 'name="model"', 'name="file"; filename="a"'
    body = "".join(
        f"--b\r\nContent-Disposition: form-data; {said}\r\n\r\nthinker\r\n"
        for said in (field, file)
    )
    client = AsgiClient("POST", f"/v1/{path}", body=[f"{body}--b--\r\n".encode()], headers=headers)
    assert (await client.through(gateway)).status == 200
    assert b'name="seed"\r\n\r\n7\r\n' in sent[0]
    assert b'name="max_tokens"\r\n\r\n50\r\n' in sent[0]
