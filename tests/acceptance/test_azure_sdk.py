"""``AzureOpenAI``, which names the model in the path, and paths that try to leave it."""

import openai
import pytest

from tests.support.api import HELLO, client_of, wait_for_models
from tests.support.responders import json_response
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, on_one_backing]

EMBEDDINGS = {
    "object": "list",
    "model": "gpt-4o",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}],
    "usage": {"prompt_tokens": 1, "total_tokens": 1},
}
COMPLETION = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1,
    "model": "gpt-4o",
    "choices": [{"text": "Hello", "index": 0, "finish_reason": "stop", "logprobs": None}],
}
RESPONSE = {"id": "resp_1", "object": "response", "status": "completed", "output": []}


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o", "org/model:free", "secret")) as upstream:
        upstream.on("POST", "/v1/embeddings", json_response(EMBEDDINGS))
        upstream.on("POST", "/v1/completions", json_response(COMPLETION))
        upstream.on("POST", "/v1/images/generations", json_response({"created": 1, "data": []}))
        upstream.on("POST", "/v1/responses", json_response(RESPONSE))
        yield upstream


@pytest.fixture(scope="module")
def key(gateway, upstream):
    gateway.configure(
        connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
        grants=[{"models": ["gpt-4o", "org/*"], "everyone": True}],
    )
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_for_models(client, "gpt-4o", "org/model:free")
    return key


@pytest.fixture
def sdk(gateway, key):
    with openai.AzureOpenAI(
        azure_endpoint=gateway.url, api_key=key, api_version="2024-10-21", max_retries=0
    ) as sdk:
        yield sdk


@pytest.fixture
def client(gateway, key):
    with client_of(gateway) as client:
        client.headers["api-key"] = key
        yield client


@pytest.mark.parametrize("model", ["gpt-4o", "org/model:free"])
def test_a_chat(sdk, upstream, model):
    completion = sdk.chat.completions.create(model=model, messages=HELLO)
    assert completion.choices[0].message.content == "Hello world"
    assert upstream.calls[-1].target == "/v1/chat/completions"
    assert upstream.calls[-1].json["model"] == model


def test_a_stream(sdk):
    with sdk.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True) as stream:
        text = "".join(part.choices[0].delta.content or "" for part in stream if part.choices)
    assert text == "Hello world"


async def test_a_chat_with_the_async_client(gateway, key):
    async with openai.AsyncAzureOpenAI(
        azure_endpoint=gateway.url, api_key=key, api_version="2024-10-21"
    ) as sdk:
        completion = await sdk.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert completion.choices[0].message.content == "Hello world"


def test_other_endpoints(sdk):
    assert sdk.embeddings.create(model="gpt-4o", input="a").data[0].embedding == [0.5, -0.25]
    assert sdk.completions.create(model="gpt-4o", prompt="a").choices[0].text == "Hello"
    assert sdk.images.generate(model="gpt-4o", prompt="a").data == []
    assert sdk.responses.create(model="gpt-4o", input="a").id == "resp_1"
    assert {model.id for model in sdk.models.list()} == {"gpt-4o", "org/model:free"}


def test_a_model_that_is_not_granted_is_not_found(sdk, upstream):
    before = len(upstream.calls)
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.chat.completions.create(model="secret", messages=HELLO)
    assert caught.value.code == "model_not_found"
    assert len(upstream.calls) == before


@pytest.mark.parametrize("named", ["secret", "gpt-4o", "", None, 7])
def test_the_deployment_counts_and_not_the_body(client, upstream, named):
    body = {"model": named, "messages": HELLO}
    url = "/openai/deployments/org%2Fmodel:free/chat/completions?api-version=2024-10-21"
    assert client.post(url, json=body).is_success
    assert upstream.calls[-1].json["model"] == "org/model:free"


@pytest.mark.parametrize(
    "deployment",
    [
        "..",
        "../secret",
        "gpt-4o/..%2fsecret",
        "%2e%2e",
        "%252e%252e%252fadmin",
        "gpt-4o%5c..",
        "gpt-4o%0d%0aX-Injected:%201",
        "gpt-4o%00",
        "gpt-4o%3fapi-version=1",
        "gpt-4o%23",
        "gpt-4o/chat",
        "x" * 4096,
    ],
)
def test_a_deployment_that_is_no_models_reaches_no_upstream(client, upstream, deployment):
    before = len(upstream.calls)
    url = f"/openai/deployments/{deployment}/chat/completions?api-version=2024-10-21"
    answer = client.post(url, json={"messages": HELLO})
    assert answer.status_code in {400, 404, 405}
    assert "x-injected" not in answer.headers
    assert len(upstream.calls) == before
