"""The endpoints that take JSON and give JSON: what goes in comes out, byte for byte."""

import json

import aiohttp
import openai
import pytest

from tests.support.api import client_of, wait_for_models
from tests.support.responders import complete_chat, head, json_response, raw, sse
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, on_one_backing]

# Each with the smallest body it takes, and the field that it does not go without.
ENDPOINTS = {
    "completions": ({"prompt": "Hello"}, "prompt"),
    "embeddings": ({"input": ["Hello"]}, "input"),
    "moderations": ({"input": "Hello"}, "input"),
    "rerank": ({"query": "Hello", "documents": ["a", {"text": "b"}]}, "documents"),
    "images/generations": ({"prompt": "A gate"}, "prompt"),
    "responses": ({"input": "Hello"}, "model"),
    "chat/completions": ({"messages": []}, "messages"),
}
BASES = ("/v1", "/openai", "/openai/v1", "")
ANSWER = b'{"id": "1",  "object": "list", "data": [1.50, null], "unknown": {"kept": true}}'


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("m", "omni-moderation-latest")) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def client(gateway, upstream):
    gateway.configure(
        connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
        grants=[{"models": ["*"], "everyone": True}],
    )
    with client_of(gateway, gateway.api_key("alice")) as client:
        wait_for_models(client, "m", "omni-moderation-latest")
        yield client


@pytest.fixture(autouse=True)
def answer(upstream):
    answered = raw(head(content_type="application/json", content_length=len(ANSWER)) + ANSWER)
    for endpoint in ENDPOINTS:
        upstream.on("POST", f"/v1/{endpoint}", answered)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_what_goes_in_comes_out(client, upstream, base, endpoint):
    body = {"model": "m", **ENDPOINTS[endpoint][0], "unknown": None, "x": {"a": [1.5, "\u2028"]}}
    answer = client.post(f"{base}/{endpoint}", json=body)
    assert (answer.status_code, answer.content) == (200, ANSWER)
    assert upstream.calls[-1].target == f"/v1/{endpoint}"
    assert list(upstream.calls[-1].json.items()) == list(body.items())


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_numbers_go_upstream_as_they_are_spelled(client, upstream, endpoint):
    fields = json.dumps(ENDPOINTS[endpoint][0])[1:-1]
    numbers = '"top_p":1.50,"x":[1e3,-0,123456789012345678901234567890]'
    body = f'{{"model": "m", {fields}, {numbers}}}'
    answer = client.post(
        f"/v1/{endpoint}", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.is_success
    assert numbers.encode() in upstream.calls[-1].body


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_what_no_upstream_could_answer_is_refused(client, upstream, endpoint):
    before = len(upstream.calls)
    body, needed = ENDPOINTS[endpoint]
    for value in ({}, {needed: None}, {needed: 7}):
        wrong = {k: v for k, v in ({"model": "m"} | body).items() if k != needed} | value
        answer = client.post(f"/v1/{endpoint}", json=wrong)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, needed)
    streamed = client.post(f"/v1/{endpoint}", json={"model": "m", **body, "stream": "yes"})
    assert streamed.json()["error"]["param"] == "stream"
    assert len(upstream.calls) == before


def test_moderations_have_a_model_of_their_own(client, upstream):
    assert client.post("/v1/moderations", json={"input": "Hello"}).is_success
    assert upstream.calls[-1].json == {"input": "Hello", "model": "omni-moderation-latest"}


def test_completions_are_streamed(client, gateway, upstream):
    parts = [{"choices": [{"index": 0, "text": text}]} for text in ("Hel", "lo")]
    finish = {"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}
    upstream.on("POST", "/v1/completions", sse(*parts, finish))
    key = client.headers["Authorization"].removeprefix("Bearer ")
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key) as sdk:
        stream = sdk.completions.create(model="m", prompt="Say hello", stream=True)
        assert "".join(part.choices[0].text for part in stream) == "Hello"


def test_an_embedding_of_10_mb_passes(client, upstream):
    vector = [0.123456789 + n for n in range(700_000)]
    answer = {"object": "list", "data": [{"index": 0, "embedding": vector}]}
    upstream.on("POST", "/v1/embeddings", json_response(answer))
    body = client.post("/v1/embeddings", json={"model": "m", "input": "a"}).content
    assert len(body) > 10_000_000
    assert body == json.dumps(answer).encode()


def test_an_endpoint_that_the_upstream_lacks_is_the_upstreams_404(client, upstream):
    upstream.on("POST", "/v1/rerank", json_response({"detail": "Not Found"}, status=404))
    answer = client.post("/v1/rerank", json={"model": "m", "query": "a", "documents": ["a"]})
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Not Found")


# As Open WebUI 0.12 sends them: with aiohttp, a type on GET, too, and a text for a body.
OPEN_WEBUI = {
    "Content-Type": "application/json",
    "X-OpenWebUI-User-Name": "Ada%20L",
    "X-OpenWebUI-User-Id": "2e5a4810",
    "X-OpenWebUI-User-Email": "ada@example.com",
    "X-OpenWebUI-User-Role": "admin",
    "X-OpenWebUI-Auth-Type": "jwt",
    "X-OpenWebUI-Chat-Id": "7f0c",
}
SOUND = b"ID3" + bytes(range(256)) * 9


async def as_open_webui(client, method, path, **body):
    """The status, the type and the body of the answer to a request of its router."""
    headers = OPEN_WEBUI | {"Authorization": client.headers["authorization"]}
    sent = {"data": json.dumps(body)} if body else {}
    async with (
        aiohttp.ClientSession(trust_env=True) as session,
        session.request(method, f"{client.base_url}/v1{path}", headers=headers, **sent) as answer,
    ):
        return answer.status, answer.content_type, await answer.read()


async def test_open_webui_lists_models(client):
    status, kind, body = await as_open_webui(client, "GET", "/models")
    assert (status, kind) == (200, "application/json")
    assert "m" in [model["id"] for model in json.loads(body)["data"]]


@pytest.mark.parametrize(
    "fields", [{}, {"stream": True, "stream_options": {"include_usage": True}}]
)
async def test_open_webui_chats(client, upstream, fields):
    upstream.on("POST", "/v1/chat/completions", complete_chat)
    asked = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], **fields}
    status, kind, body = await as_open_webui(client, "POST", "/chat/completions", **asked)
    assert status == 200
    assert kind == ("text/event-stream" if fields else "application/json")
    assert body.endswith(b"data: [DONE]\n\n") if fields else json.loads(body)["choices"]
    sent = upstream.calls[-1]
    assert sent.json == asked
    assert not [name for name, _ in sent.headers if name.lower().startswith("x-openwebui")]


async def test_open_webui_embeds_and_speaks(client, upstream):
    asked = {"model": "m", "input": ["Hello"]}
    assert await as_open_webui(client, "POST", "/embeddings", **asked) == (
        200, "application/json", ANSWER
    )  # fmt: skip
    spoken = head(content_type="audio/mpeg", content_length=len(SOUND)) + SOUND
    upstream.on("POST", "/v1/audio/speech", raw(spoken))
    asked = {"input": "Hello", "model": "m", "voice": "alloy"}
    assert await as_open_webui(client, "POST", "/audio/speech", **asked) == (
        200, "audio/mpeg", SOUND
    )  # fmt: skip


async def test_open_webui_is_told_an_error_it_can_show(client):
    asked = {"model": "unknown", "messages": [], "stream": True}
    status, kind, body = await as_open_webui(client, "POST", "/chat/completions", **asked)
    assert (status, kind) == (404, "application/json")
    assert json.loads(body)["error"]["code"] == "model_not_found"
