"""The real ``openai`` SDK, which is what most clients are made of."""

import json

import openai
import pytest

from tests.support.api import HELLO, client_of, wait_for_models
from tests.support.responders import (
    chunk,
    close_after,
    complete_chat,
    head,
    json_response,
    sse,
)
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

CHUNK = {
    "id": "chatcmpl-1",
    "object": "chat.completion.chunk",
    "created": 1_700_000_000,
    "model": "gpt-4o",
    "choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}],
}
# A rate limit is remembered for its model: each is for one request that meets one.
LIMITED = ("limited", "limited for a moment")
USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o", "a/b:free", "broken", *LIMITED)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def key(gateway, upstream):
    gateway.configure(
        connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
        grants=[{"models": ["*"], "everyone": True}],
    )
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_for_models(client, "gpt-4o", "a/b:free", "broken", *LIMITED)
    return key


@pytest.fixture
def sdk(gateway, key):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def answer(upstream):
    """``answer(responder)``: the next chat is answered so, and the others as always."""

    def answer(responder):
        upstream.on("POST", "/v1/chat/completions", responder, complete_chat)

    return answer


def test_a_chat(sdk):
    completion = sdk.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert completion.choices[0].message.content == "Hello world"
    assert completion.usage.total_tokens == 11
    assert completion._request_id.startswith("req_")


async def test_a_chat_with_the_async_client(gateway, key):
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=key) as sdk:
        stream = await sdk.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True)
        assert text_of([part async for part in stream]) == "Hello world"


def test_a_stream_says_what_the_whole_answer_says(sdk):
    with sdk.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True) as stream:
        parts = list(stream)
    assert text_of(parts) == "Hello world"
    assert parts[-1].choices[0].finish_reason == "stop"


def test_a_stream_tells_usage_to_who_asks_for_it(sdk):
    options = {"include_usage": True}
    with sdk.chat.completions.create(
        model="gpt-4o", messages=HELLO, stream=True, stream_options=options
    ) as stream:
        last = list(stream)[-1]
    assert last.choices == []
    assert last.usage.total_tokens == 11


def test_a_stream_tells_no_usage_to_who_does_not_ask(sdk, answer):
    finish = CHUNK | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    answer(sse(CHUNK, finish, CHUNK | {"choices": [], "usage": USAGE}))
    with sdk.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True) as stream:
        parts = list(stream)
    assert text_of(parts) == "Hello"
    assert [part.usage for part in parts] == [None, None]


def test_models_are_listed(sdk):
    assert {model.id for model in sdk.models.list()} == {"gpt-4o", "a/b:free", "broken", *LIMITED}


def test_a_model_with_a_slash_and_a_colon_is_retrieved(sdk):
    model = sdk.models.retrieve("a/b:free")
    assert (model.id, model.object) == ("a/b:free", "model")


def test_a_wrong_key_is_an_authentication_error(gateway):
    with (
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-wrong") as sdk,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        sdk.models.list()
    assert caught.value.code == "invalid_api_key"


def test_an_unknown_model_is_a_not_found_error(sdk):
    with pytest.raises(openai.NotFoundError) as caught:
        sdk.chat.completions.create(model="gpt-unknown", messages=HELLO)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.NotFoundError):
        sdk.models.retrieve("gpt-unknown")


def test_a_malformed_request_is_a_bad_request_error(sdk):
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.chat.completions.create(model="gpt-4o", messages="Hello")
    assert caught.value.param == "messages"


def test_what_the_upstream_finds_wrong_is_a_bad_request_error(sdk, answer):
    error = {"message": "Too hot.", "type": "invalid_request_error", "param": "temperature"}
    answer(json_response({"error": error}, status=400))
    with pytest.raises(openai.BadRequestError, match="Too hot") as caught:
        sdk.chat.completions.create(model="gpt-4o", messages=HELLO, temperature=9)
    assert caught.value.param == "temperature"


def test_the_providers_rate_limit_is_a_rate_limit_error_with_its_delay(sdk, answer):
    error = {"message": "Slow down.", "type": "requests", "code": "rate_limit_exceeded"}
    answer(json_response({"error": error}, status=429, headers={"Retry-After": "7"}))
    with pytest.raises(openai.RateLimitError) as caught:
        sdk.chat.completions.create(model="limited", messages=HELLO)
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after"] == "7"


def test_an_upstreams_failure_is_an_internal_server_error(sdk, answer):
    answer(json_response({"error": {"message": "boom"}}, status=500))
    with pytest.raises(openai.InternalServerError) as caught:
        sdk.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert caught.value.status_code == 502


def test_a_rate_limit_is_waited_out_by_the_sdk(gateway, key, answer, upstream):
    answer(json_response({"error": {}}, status=429, headers={"Retry-After-Ms": "1"}))
    before = len(upstream.calls)
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=1) as sdk:
        completion = sdk.chat.completions.create(model="limited for a moment", messages=HELLO)
    assert completion.choices[0].message.content == "Hello world"
    assert len(upstream.calls) == before + 2


def test_a_stream_that_was_cut_off_raises(sdk, answer):
    event = b"data: %b\n\n" % json.dumps(CHUNK).encode()
    answer(
        close_after(
            head(content_type="text/event-stream", transfer_encoding="chunked") + chunk(event)
        )
    )
    with (
        sdk.chat.completions.create(model="gpt-4o", messages=HELLO, stream=True) as stream,
        pytest.raises(openai.APIError, match="broke off"),
    ):
        list(stream)


def test_a_request_of_20_mb_passes(sdk, upstream):
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 20_000_000}}
    messages = [{"role": "user", "content": [image]}]
    completion = sdk.chat.completions.create(model="gpt-4o", messages=messages)
    assert completion.choices[0].message.content == "Hello world"
    assert upstream.calls[-1].json["messages"] == messages


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "//v1", "/v1//", "/openai", "/openai/v1"])
def test_base_urls_as_people_write_them(gateway, key, path):
    with openai.OpenAI(base_url=gateway.url + path, api_key=key) as sdk:
        assert "gpt-4o" in {model.id for model in sdk.models.list()}
        completion = sdk.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert completion.choices[0].message.content == "Hello world"


@pytest.mark.parametrize("header", ["api-key", "x-api-key"])
def test_keys_in_the_headers_of_other_clients(gateway, key, header):
    headers = {"Authorization": openai.Omit(), header: key}
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused") as sdk:
        models = sdk.models.list(extra_headers=headers)
    assert "gpt-4o" in {model.id for model in models}


def text_of(parts):
    return "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
