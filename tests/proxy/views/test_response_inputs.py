"""Inputs of responses, counted and made shorter."""

from __future__ import annotations

import httpx
import pytest
from openai.types.responses import CompactedResponse, InputTokenCountResponse

from connections.models import Connection
from models_registry.registry import active
from tests.support.asgi import AsgiClient

pytestmark = pytest.mark.django_db(transaction=True)

COUNT, COMPACT = "/v1/responses/input_tokens", "/v1/responses/compact"
BODY = {"model": "m", "input": "Hello, gate."}
COUNTED = {"object": "response.input_tokens", "input_tokens": 7}
USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 2,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 11,
}
COMPACTED = {
    "id": "resp_9",
    "object": "response.compaction",
    "created_at": 1,
    "output": [{"id": "cmp_9", "type": "compaction", "encrypted_content": "xyz"}],
    "usage": USAGE,
}
FASTAPI = httpx.Response(404, json={"detail": "Not Found"})
OPENAI = httpx.Response(404, json={"error": {"message": "Invalid URL", "param": None}})
NO_MODEL = httpx.Response(
    404, json={"error": {"message": "No model", "param": "model", "code": "model_not_found"}}
)


async def test_the_upstream_counts_if_it_can(ask, upstream) -> None:
    upstream.answer = COUNTED
    for path in (COUNT, "/openai/v1/responses/input_tokens"):
        client = await ask(path, BODY | {"tools": None})
        InputTokenCountResponse.model_validate(client.json, strict=True)
        assert (client.status, client.json["input_tokens"]) == (200, 7)
        assert "x-gateway-estimated" not in client.headers
        assert upstream.last.url.path == "/v1/responses/input_tokens"
        assert upstream.body == BODY | {"tools": None}


@pytest.mark.parametrize("refusal", [FASTAPI, OPENAI, httpx.Response(405), httpx.Response(501)])
async def test_what_no_upstream_counts_is_estimated(ask, upstream, refusal) -> None:
    upstream.answer = lambda _: refusal
    client = await ask(COUNT, BODY)
    counted = InputTokenCountResponse.model_validate(client.json, strict=True)
    assert (client.status, client.headers["x-gateway-estimated"]) == (200, "true")
    assert 3 <= counted.input_tokens < 20


async def test_a_model_may_be_left_out_of_a_count(ask, upstream) -> None:
    client = await ask(COUNT, {"input": "Hello"})
    assert (client.status, client.headers["x-gateway-estimated"]) == (200, "true")
    assert not upstream.requests


async def test_anthropics_upstreams_are_not_asked(ask, upstream) -> None:
    await Connection.objects.all().aupdate(provider="anthropic")
    await active().reload()
    assert (await ask(COUNT, BODY)).headers["x-gateway-estimated"] == "true"
    client = await ask(COMPACT, BODY)
    assert (client.status, client.json["error"]["code"]) == (400, "unsupported_endpoint")
    assert not upstream.requests


@pytest.mark.parametrize("path", [COUNT, COMPACT])
async def test_another_error_stays_what_it_is(ask, upstream, path) -> None:
    upstream.answer = lambda _: NO_MODEL
    client = await ask(path, BODY)
    assert (client.status, client.json["error"]["code"]) == (404, "model_not_found")


async def test_a_conversation_is_made_shorter_and_belongs_to_its_caller(ask, upstream, key) -> None:
    upstream.answer = COMPACTED
    client = await ask(COMPACT, BODY)
    CompactedResponse.model_validate(client.json)
    assert (client.status, upstream.last.url.path) == (200, "/v1/responses/compact")
    item = {"type": "item_reference", "id": "cmp_9"}
    assert (await ask("/v1/responses", {"model": "m", "input": [item]})).status == 200


@pytest.mark.parametrize("refusal", [FASTAPI, OPENAI, httpx.Response(405), httpx.Response(501)])
async def test_an_upstream_without_compaction_is_named_as_such(ask, upstream, refusal) -> None:
    upstream.answer = lambda _: refusal
    client = await ask(COMPACT, BODY)
    assert (client.status, client.json["error"]["code"]) == (400, "unsupported_endpoint")


@pytest.mark.parametrize("path", [COUNT, COMPACT])
@pytest.mark.parametrize(
    ("field", "param"),
    [
        ({"previous_response_id": "resp_of_another"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].id"),
        ({"request_id": "resp_1"}, "request_id"),
    ],
)
async def test_what_is_not_the_callers_is_refused(ask, upstream, path, field, param) -> None:
    client = await ask(path, BODY | field)
    assert (client.status, client.json["error"]["param"]) == (400, param)
    assert not upstream.requests


@pytest.mark.parametrize("path", [COUNT, COMPACT])
async def test_a_model_that_is_not_granted_does_not_exist(ask, upstream, path) -> None:
    client = await ask(path, BODY | {"model": "secret"})
    assert (client.status, client.json["error"]["code"]) == (404, "model_not_found")
    assert not upstream.requests


async def test_they_are_only_posted_to(api, key) -> None:
    headers = {"authorization": f"Bearer {key}"}
    for path in (COUNT, COMPACT):
        client = await AsgiClient("GET", path, headers=headers).through(api)
        assert client.status == 405
