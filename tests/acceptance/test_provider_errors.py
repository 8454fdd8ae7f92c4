"""The errors of every provider, as the real SDKs of each API understand them."""

import anthropic
import openai
import orjson
import pytest

from tests.support.api import HELLO, client_of, wait_for_models
from tests.support.provider_failures import FAILURES, MOST, PROMPT_TOO_LONG
from tests.support.responders import close_after, head, json_response, raw
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, on_one_backing]

CHAT = "/v1/chat/completions"
RESPONSES = "/v1/responses"
MESSAGES = "/v1/messages"
THREAD = {
    "type": "error",
    "error": {
        "type": "invalid_request_error",
        "message": "No threads here.",
        "details": {"error_code": "thread_unsupported_request"},
    },
}


# A limit is remembered for its model, so each request that fails has a model of its own.
MODELS = [
    f"{surface}-{number}"
    for surface in ("chat", "response", "message")
    for number in range(len(FAILURES))
]


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("m", *MODELS)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def key(gateway, upstream):
    there = {"base_url": upstream.url, "keys": ["sk-upstream"]}
    native = there | {"name": "native", "provider": "anthropic", "prefix_id": "ant"}
    gateway.configure(
        connections=[there | {"name": "plain"}, native],
        grants=[{"models": ["*"], "everyone": True}],
    )
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        listed = ("m", *MODELS)
        wait_for_models(client, *listed, *(f"ant.{model}" for model in listed))
    return key


@pytest.fixture
def openai_sdk(gateway, key):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0) as sdk:
        yield sdk


@pytest.fixture
def anthropic_sdk(gateway, key):
    with anthropic.Anthropic(base_url=gateway.url, api_key=key, max_retries=0) as sdk:
        yield sdk


def answered(failure):
    length = len(failure.content)
    return raw(
        head(failure.status, content_type="application/json", content_length=length)
        + failure.content
    )


def by_name(failure):
    return failure.name


@pytest.mark.parametrize("failure", FAILURES, ids=by_name)
def test_openais_clients_understand_it(openai_sdk, upstream, failure):
    for path in (CHAT, RESPONSES):
        upstream.on("POST", path, answered(failure))
    number = FAILURES.index(failure)
    with pytest.raises(openai.APIStatusError) as chat:
        openai_sdk.chat.completions.create(model=f"chat-{number}", messages=HELLO)
    with pytest.raises(openai.APIStatusError) as response:
        openai_sdk.responses.create(model=f"response-{number}", input="Hello")
    for error in (chat.value, response.value):
        assert (error.status_code, error.type, error.code) == failure.openai
        assert failure.words in error.message
        assert error.param == failure.param


@pytest.mark.parametrize("failure", FAILURES, ids=by_name)
@pytest.mark.parametrize("prefix", ["", "ant."])
def test_anthropics_clients_understand_it(anthropic_sdk, upstream, prefix, failure):
    for path in (CHAT, MESSAGES):
        upstream.on("POST", path, answered(failure))
    model = f"{prefix}message-{FAILURES.index(failure)}"
    with pytest.raises(anthropic.APIStatusError) as caught:
        anthropic_sdk.messages.create(model=model, max_tokens=9, messages=HELLO)
    error = caught.value
    assert (error.status_code, error.type) == failure.anthropic
    assert (failure.anthropic_words or failure.words) in error.api_message


def test_a_providers_own_details_reach_openais_clients(openai_sdk, upstream):
    filtered = {"code": "ResponsibleAIPolicyViolation", "key": "sk-upstream"}
    error = {"message": "Filtered.", "code": "content_filter", "innererror": filtered}
    upstream.on("POST", CHAT, json_response({"error": error}, status=400))
    with pytest.raises(openai.BadRequestError) as caught:
        openai_sdk.chat.completions.create(model="m", messages=HELLO)
    assert caught.value.body["innererror"] == filtered | {"key": "[removed]"}


def test_anthropics_details_tell_its_clients_what_to_do(anthropic_sdk, upstream):
    upstream.on("POST", MESSAGES, json_response(THREAD, status=400))
    with pytest.raises(anthropic.BadRequestError) as caught:
        anthropic_sdk.messages.create(model="ant.m", max_tokens=9, messages=HELLO)
    assert caught.value.error_code == "thread_unsupported_request"
    assert caught.value.api_message == "No threads here."


def in_mid_stream(*events):
    return close_after(head(content_type="text/event-stream") + b"".join(events))


CHUNK = b'data: {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hello"}}]}\n\n'
TOO_LONG = b'data: {"error": {"message": "%b", "code": 400}}\n\n' % PROMPT_TOO_LONG.encode()
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 1},
    },
}


def named(told):
    return b"event: %b\ndata: %b\n\n" % (told["type"].encode(), orjson.dumps(told))


def test_an_error_in_mid_stream_is_told_in_openais_words(openai_sdk, upstream):
    upstream.on("POST", CHAT, in_mid_stream(CHUNK, TOO_LONG))
    with pytest.raises(openai.APIError) as caught:
        list(openai_sdk.chat.completions.create(model="m", messages=HELLO, stream=True))
    assert caught.value.code == "context_length_exceeded"
    assert MOST in caught.value.message


def test_an_error_in_mid_stream_is_told_in_anthropics_words(anthropic_sdk, upstream):
    upstream.on("POST", CHAT, in_mid_stream(CHUNK, TOO_LONG))
    with (
        pytest.raises(anthropic.APIStatusError) as caught,
        anthropic_sdk.messages.stream(model="m", max_tokens=9, messages=HELLO) as stream,
    ):
        stream.until_done()
    assert caught.value.body["error"] == {
        "type": "invalid_request_error",
        "message": PROMPT_TOO_LONG,
    }


@pytest.mark.parametrize("begun", [(), (START,)])
def test_an_overload_stays_one(anthropic_sdk, openai_sdk, upstream, begun):
    upstream.on("POST", MESSAGES, in_mid_stream(*map(named, [*begun, OVERLOADED])))
    with (
        pytest.raises(anthropic.APIStatusError) as caught,
        anthropic_sdk.messages.stream(model="ant.m", max_tokens=9, messages=HELLO) as stream,
    ):
        stream.until_done()
    assert caught.value.type == "overloaded_error"
    assert begun or caught.value.status_code == 529
    with pytest.raises(openai.APIError) as told:
        list(openai_sdk.chat.completions.create(model="ant.m", messages=HELLO, stream=True))
    assert told.value.code == "upstream_overloaded"
    assert begun or told.value.status_code == 503
