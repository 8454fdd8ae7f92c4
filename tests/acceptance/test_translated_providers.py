"""openai's SDK through a gateway to upstreams that do not speak OpenAI's API."""

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import anthropic
import openai
import pytest

from tests.support.api import HELLO, client_of, wait_for_models
from tests.support.responders import chunk, head, json_response, raw, sse
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, on_one_backing]

ARGUMENTS = {"city": "Paris"}
# A limit is remembered for its model, so each request that meets one has a model of its own.
LIMITED = ("claude-limited", "claude-limited-stream")
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}},
}


def named_events(*events: dict) -> Any:
    """Events as Anthropic and OpenAI's Responses have them: named, and without ``[DONE]``."""
    blocks = [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]
    return sse(*blocks, done=False)


def ndjson(*events: dict) -> Any:
    async def respond(exchange):
        content_type = "application/x-ndjson"
        await exchange.send(head(content_type=content_type, transfer_encoding="chunked"))
        for event in events:
            await exchange.send(chunk(json.dumps(event).encode() + b"\n"))
        await exchange.send(chunk(b""))

    return respond


def indented(answer: dict) -> Any:
    """An answer in one piece, as some proxies give it whether or not a stream was asked for."""
    body = json.dumps(answer, indent=2).encode()
    return raw(head(content_type="application/json", content_length=len(body)) + body)


def anthropic_message(**fields: object) -> dict:
    usage = {"input_tokens": 9, "output_tokens": 2}
    base = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": []}
    return base | {"stop_reason": None, "usage": usage} | fields


def anthropic_block(index: int, block: dict, *deltas: dict) -> list[dict]:
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


TOOL_USE = {"type": "tool_use", "id": "call_1", "name": "get_weather"}
ANTHROPIC_TEXT = anthropic_message(
    content=[{"type": "text", "text": "Hello world"}], stop_reason="end_turn"
)
ANTHROPIC_CALL = anthropic_message(
    content=[*ANTHROPIC_TEXT["content"], TOOL_USE | {"input": ARGUMENTS}], stop_reason="tool_use"
)
ANTHROPIC_STREAM = [
    {"type": "message_start", "message": anthropic_message()},
    *anthropic_block(
        0,
        {"type": "text", "text": ""},
        {"type": "text_delta", "text": "Hello"},
        {"type": "text_delta", "text": " world"},
    ),
    *anthropic_block(
        1,
        TOOL_USE | {"input": {}},
        {"type": "input_json_delta", "partial_json": '{"city":'},
        {"type": "input_json_delta", "partial_json": '"Paris"}'},
    ),
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use"},
        "usage": {"output_tokens": 2},
    },
    {"type": "message_stop"},
]


def ollama_line(message: dict, **fields: object) -> dict:
    said = {"role": "assistant", "content": ""} | message
    return {"model": "llama", "message": said, "done": False} | fields


OLLAMA_END = {"done": True, "done_reason": "stop", "prompt_eval_count": 9, "eval_count": 2}
OLLAMA_TEXT = ollama_line({"content": "Hello world"}, **OLLAMA_END)
OLLAMA_CALLS = {"tool_calls": [{"function": {"name": "get_weather", "arguments": ARGUMENTS}}]}
OLLAMA_CALL = ollama_line({"content": "Hello world"} | OLLAMA_CALLS, **OLLAMA_END)
OLLAMA_STREAM = [
    ollama_line({"content": "Hello"}),
    ollama_line({"content": " world"}),
    ollama_line(OLLAMA_CALLS),
    ollama_line({}, **OLLAMA_END),
]


def response(**fields: object) -> dict:
    usage = {"input_tokens": 9, "output_tokens": 2, "total_tokens": 11}
    base = {"id": "resp_1", "object": "response", "created_at": 1_700_000_000, "model": "gpt-5"}
    return base | {"status": "completed", "error": None, "usage": usage, "output": []} | fields


RESPONSES_TEXT = response(
    output=[{"type": "message", "content": [{"type": "output_text", "text": "Hello world"}]}]
)
FUNCTION_CALL = {"type": "function_call", "call_id": "call_1", "name": "get_weather"}
RESPONSES_CALL = response(
    output=[*RESPONSES_TEXT["output"], FUNCTION_CALL | {"arguments": json.dumps(ARGUMENTS)}]
)
WRITTEN = {"type": "response.function_call_arguments.delta", "output_index": 1}
RESPONSES_STREAM = [
    {"type": "response.created", "response": response(status="in_progress")},
    {"type": "response.output_text.delta", "output_index": 0, "delta": "Hello"},
    {"type": "response.output_text.delta", "output_index": 0, "delta": " world"},
    {"type": "response.output_item.added", "output_index": 1, "item": FUNCTION_CALL},
    WRITTEN | {"delta": '{"city":'},
    WRITTEN | {"delta": '"Paris"}'},
    {"type": "response.completed", "response": response()},
]


@dataclass(frozen=True)
class Provider:
    """How a scripted upstream plays it.

    ``cut`` is a stream that breaks off, ``piece`` says in one piece what ``stream`` says.
    """

    model: str
    connection: dict
    path: str
    whole: Any
    stream: Any
    cut: Any
    piece: Any


PROVIDERS = {
    "anthropic": Provider(
        model="claude",
        connection={"provider": "anthropic"},
        path="/v1/messages",
        whole=json_response(ANTHROPIC_TEXT),
        stream=named_events(*ANTHROPIC_STREAM),
        cut=named_events(*ANTHROPIC_STREAM[:4]),
        piece=indented(ANTHROPIC_CALL),
    ),
    "ollama": Provider(
        model="llama",
        connection={"provider": "ollama", "api_type": "native"},
        path="/api/chat",
        whole=json_response(OLLAMA_TEXT),
        stream=ndjson(*OLLAMA_STREAM),
        cut=ndjson(*OLLAMA_STREAM[:2]),
        piece=indented(OLLAMA_CALL),
    ),
    "responses": Provider(
        model="gpt-5",
        connection={"provider": "compatible", "api_type": "responses"},
        path="/v1/responses",
        whole=json_response(RESPONSES_TEXT),
        stream=named_events(*RESPONSES_STREAM),
        cut=named_events(*RESPONSES_STREAM[:3]),
        piece=indented(RESPONSES_CALL),
    ),
}


def models_of(provider):
    return (provider.model, *LIMITED) if provider is PROVIDERS["anthropic"] else (provider.model,)


@pytest.fixture(scope="module")
def upstreams():
    with ExitStack() as stack:
        upstreams = {
            name: stack.enter_context(ScriptedUpstream(models=models_of(provider)))
            for name, provider in PROVIDERS.items()
        }
        tags = {"models": [{"name": "llama", "model": "llama", "details": {"family": "llama"}}]}
        upstreams["ollama"].on("GET", "/api/tags", json_response(tags))
        yield upstreams


@pytest.fixture(scope="module")
def key(gateway, upstreams):
    connections = [
        {"name": name, "base_url": upstream.url, "keys": ["sk-up"], **PROVIDERS[name].connection}
        for name, upstream in upstreams.items()
    ]
    gateway.configure(connections=connections, grants=[{"models": ["*"], "everyone": True}])
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_for_models(client, *LIMITED, *(provider.model for provider in PROVIDERS.values()))
    return key


@pytest.fixture
def sdk(gateway, key):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0) as sdk:
        yield sdk


@pytest.fixture(params=PROVIDERS)
def name(request):
    return request.param


def test_a_chat(sdk, upstreams, name):
    provider = PROVIDERS[name]
    upstreams[name].on("POST", provider.path, provider.whole)
    completion = sdk.chat.completions.create(model=provider.model, messages=HELLO)
    assert completion.choices[0].message.content == "Hello world"
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.total_tokens == 11


@pytest.mark.parametrize("told", ["stream", "piece"])
def test_a_stream_with_a_call_of_a_tool(sdk, upstreams, name, told):
    provider = PROVIDERS[name]
    upstreams[name].on("POST", provider.path, getattr(provider, told))
    with sdk.chat.completions.stream(
        model=provider.model,
        messages=HELLO,
        tools=[TOOL],
        stream_options={"include_usage": True},
    ) as stream:
        completion = stream.until_done().get_final_completion()
    [choice] = completion.choices
    [call] = choice.message.tool_calls
    assert choice.message.content == "Hello world"
    assert choice.finish_reason == "tool_calls"
    assert json.loads(call.function.arguments) == ARGUMENTS
    assert completion.usage.total_tokens == 11


@pytest.mark.parametrize("told", ["stream", "piece"])
@pytest.mark.parametrize("name", ["ollama", "responses"])
def test_a_stream_to_a_client_of_anthropics(gateway, key, upstreams, name, told):
    provider = PROVIDERS[name]
    upstreams[name].on("POST", provider.path, getattr(provider, told))
    body = {"model": provider.model, "max_tokens": 50, "messages": HELLO}
    with (
        anthropic.Anthropic(base_url=gateway.url, auth_token=key, max_retries=0) as sdk,
        sdk.messages.stream(**body) as stream,
    ):
        message = stream.get_final_message()
    text, call = message.content
    assert text.text == "Hello world"
    assert (call.name, call.input) == ("get_weather", ARGUMENTS)
    assert message.stop_reason == "tool_use"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (9, 2)


@pytest.mark.parametrize("told", ["stream", "piece"])
def test_usage_is_told_only_to_who_asks(sdk, upstreams, name, told):
    provider = PROVIDERS[name]
    upstreams[name].on("POST", provider.path, getattr(provider, told))
    with sdk.chat.completions.create(model=provider.model, messages=HELLO, stream=True) as stream:
        assert [part.usage for part in stream if part.usage] == []


def test_a_stream_that_breaks_off_raises(sdk, upstreams, name):
    provider = PROVIDERS[name]
    upstreams[name].on("POST", provider.path, provider.cut)
    with (
        sdk.chat.completions.create(model=provider.model, messages=HELLO, stream=True) as stream,
        pytest.raises(openai.APIError, match="before it was complete"),
    ):
        list(stream)


@pytest.mark.parametrize("stream", [False, True])
def test_a_response_that_failed_raises(sdk, upstreams, stream):
    failed = response(status="failed", error={"code": "server_error", "message": "It broke"})
    upstreams["responses"].on("POST", "/v1/responses", json_response(failed))
    with pytest.raises(openai.InternalServerError, match="It broke"):
        sdk.chat.completions.create(model="gpt-5", messages=HELLO, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
def test_an_error_of_anthropics_in_a_successful_answer_has_its_status(sdk, upstreams, stream):
    error = {"type": "rate_limit_error", "message": "Slow down"}
    upstreams["anthropic"].on("POST", "/v1/messages", json_response({"error": error}))
    with pytest.raises(openai.RateLimitError, match="Slow down"):
        sdk.chat.completions.create(model=LIMITED[stream], messages=HELLO, stream=stream)


def test_what_is_not_sent_is_told(sdk, upstreams):
    upstreams["anthropic"].on("POST", "/v1/messages", PROVIDERS["anthropic"].whole)
    answer = sdk.chat.completions.with_raw_response.create(model="claude", messages=HELLO, seed=7)
    assert answer.headers["x-gateway-dropped-params"] == "seed"
    assert "seed" not in upstreams["anthropic"].calls[-1].json


def test_anthropic_gets_its_key_in_its_own_header(sdk, upstreams):
    upstreams["anthropic"].on("POST", "/v1/messages", PROVIDERS["anthropic"].whole)
    sdk.chat.completions.create(model="claude", messages=HELLO)
    request = upstreams["anthropic"].calls[-1]
    assert (request.header("x-api-key"), request.header("authorization")) == ("sk-up", None)
    assert request.header("anthropic-version") == "2023-06-01"


def test_what_cannot_be_translated_is_the_clients_error(sdk, upstreams):
    before = len(upstreams["anthropic"].calls)
    audio = [{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}]
    with pytest.raises(openai.BadRequestError, match="input_audio"):
        sdk.chat.completions.create(model="claude", messages=[{"role": "user", "content": audio}])
    assert len(upstreams["anthropic"].calls) == before


def test_ollamas_models_are_its_own(sdk):
    model = sdk.models.retrieve("llama")
    assert (model.owned_by, model.details) == ("ollama", {"family": "llama"})


def test_ollama_embeds(sdk, upstreams):
    answer = {"model": "llama", "embeddings": [[0.5, -1.0]], "prompt_eval_count": 3}
    upstreams["ollama"].on("POST", "/api/embed", json_response(answer))
    embeddings = sdk.embeddings.create(model="llama", input="Why?")
    assert embeddings.data[0].embedding == [0.5, -1.0]
    assert embeddings.usage.prompt_tokens == 3
