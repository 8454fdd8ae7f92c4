"""The real ``anthropic`` SDK, before an upstream that knows only chats and before its own."""

import anthropic
import pytest

from tests.support.api import client_of, wait_for_models
from tests.support.responders import (
    chunk,
    close_after,
    complete_chat,
    head,
    json_response,
    raw,
    sse,
)
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, on_one_backing]

CHAT = "/v1/chat/completions"
MESSAGES = "/v1/messages"
HELLO = [{"role": "user", "content": "Hello"}]
MESSAGE = {
    "id": "msg_upstream",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5",
    "content": [{"type": "text", "text": "Bonjour"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 9, "output_tokens": 2, "cache_read_input_tokens": 4},
}
RICH = MESSAGE | {
    "content": [
        {"type": "thinking", "thinking": "Where?", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "eA=="},
        {
            "type": "text",
            "text": "Bonjour",
            "citations": [
                {
                    "type": "char_location",
                    "cited_text": "Salut",
                    "document_index": 0,
                    "document_title": None,
                    "file_id": None,
                    "start_char_index": 0,
                    "end_char_index": 5,
                }
            ],
        },
        {"type": "text", "text": " Paris"},
        {
            "type": "server_tool_use",
            "id": "srvtoolu_1",
            "name": "web_search",
            "input": {"query": "Paris"},
        },
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
        {
            "type": "tool_use",
            "id": "toolu_1",
            "name": "weather",
            "input": {"city": "Paris", "days": [1, 2.5], "unit": None},
        },
        {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}},
    ],
    "stop_reason": "tool_use",
    "stop_details": None,
}
EVENTS = (
    b'event: message_start\ndata: {"type": "message_start", "message": {"id": "msg_1", "type": '
    b'"message", "role": "assistant", "model": "m", "content": [], "stop_reason": null, '
    b'"stop_sequence": null, "usage": {"input_tokens": 9, "output_tokens": 1}}}\n\n'
    b'event: content_block_start\ndata: {"type": "content_block_start", "index": 0, '
    b'"content_block": {"type": "text", "text": ""}}\n\n'
    b'event: ping\ndata: {"type": "ping"}\n\n'
    b'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 0, '
    b'"delta": {"type": "text_delta", "text": "Bonjour"}}\n\n'
    b'event: content_block_stop\ndata: {"type": "content_block_stop", "index": 0}\n\n'
    b'event: message_delta\ndata: {"type": "message_delta", "delta": {"stop_reason": '
    b'"end_turn", "stop_sequence": null}, "usage": {"output_tokens": 2}}\n\n'
    b'event: message_stop\ndata: {"type": "message_stop"}\n\n'
)
EVENT_STREAM = head(content_type="text/event-stream", transfer_encoding="chunked")
WEATHER = {
    "name": "weather",
    "description": "Tells the weather.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}


@pytest.fixture(scope="module")
def chats():
    with ScriptedUpstream(models=("gpt-4o", "limited", "limited-anthropic")) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def messages():
    with ScriptedUpstream(models=("claude-sonnet-4-5",)) as upstream:
        upstream.on("POST", MESSAGES, json_response(MESSAGE))
        upstream.on("POST", f"{MESSAGES}/count_tokens", json_response({"input_tokens": 14}))
        yield upstream


@pytest.fixture(scope="module")
def key(gateway, chats, messages):
    gateway.configure(
        connections=[
            {"name": "chats", "base_url": chats.url, "keys": ["sk-upstream"]},
            {
                "name": "anthropic",
                "provider": "anthropic",
                "base_url": messages.url,
                "keys": ["sk-ant-upstream"],
                "prefix_id": "ant",
            },
        ],
        grants=[{"models": ["*"], "everyone": True}],
    )
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_for_models(client, "gpt-4o", "limited", "limited-anthropic", "ant.claude-sonnet-4-5")
    return key


@pytest.fixture(params=["", "/anthropic"])
def sdk(request, gateway, key):
    with anthropic.Anthropic(
        base_url=gateway.url + request.param, api_key=key, max_retries=0
    ) as sdk:
        yield sdk


def asked(model, **fields):
    return {"model": model, "max_tokens": 100, "messages": HELLO, **fields}


def test_a_message_from_a_chat(sdk, chats):
    message = sdk.messages.create(**asked("gpt-4o", system="Be brief.", stop_sequences=["."]))
    assert (message.content[0].text, message.stop_reason) == ("Hello world", "end_turn")
    assert (message.model, message.role, message._request_id[:4]) == ("gpt-4o", "assistant", "req_")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (9, 2)
    assert chats.calls[-1].json == {
        "model": "gpt-4o",
        "max_tokens": 100,
        "stop": ["."],
        "messages": [{"role": "system", "content": "Be brief."}, *HELLO],
    }
    assert chats.calls[-1].header("anthropic-version") is None


def test_a_stream_from_a_chat(sdk):
    with sdk.messages.stream(**asked("gpt-4o")) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert text == "Hello world"
    assert message.stop_reason == "end_turn"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (9, 2)


async def test_a_stream_from_a_chat_with_the_async_client(gateway, key):
    async with (
        anthropic.AsyncAnthropic(base_url=gateway.url, api_key=key) as sdk,
        sdk.messages.stream(**asked("gpt-4o")) as stream,
    ):
        assert "".join([text async for text in stream.text_stream]) == "Hello world"


def test_tools_in_a_stream_from_a_chat(sdk, chats):
    first = {"index": 0, "id": "call_1", "type": "function"}
    deltas = [
        {"role": "assistant", "content": "Let me look."},
        {"tool_calls": [first | {"function": {"name": "weather", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"city": "Par'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": 'is"}'}}]},
    ]
    events = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    chats.on("POST", CHAT, sse(*events), complete_chat)
    with sdk.messages.stream(**asked("gpt-4o", tools=[WEATHER])) as stream:
        message = stream.get_final_message()
    text, call = message.content
    assert (text.text, message.stop_reason) == ("Let me look.", "tool_use")
    assert (call.id, call.name, call.input) == ("call_1", "weather", {"city": "Paris"})
    [tool] = chats.calls[-1].json["tools"]
    assert tool["function"]["parameters"] == WEATHER["input_schema"]


def test_a_message_of_anthropics_own_passes_as_it_is(sdk, messages):
    thinking = {"type": "enabled", "budget_tokens": 1024}
    message = sdk.messages.create(
        **asked("ant.claude-sonnet-4-5", thinking=thinking, service_tier="auto"),
        extra_headers={"anthropic-beta": "context-1m"},
    )
    assert message.id == "msg_upstream"
    assert message.usage.cache_read_input_tokens == 4
    call = messages.calls[-1]
    assert call.json == asked("claude-sonnet-4-5", thinking=thinking, service_tier="auto")
    assert (call.header("x-api-key"), call.header("Authorization")) == ("sk-ant-upstream", None)
    assert call.header("anthropic-version") == sdk.default_headers["anthropic-version"]
    assert call.header("anthropic-beta") == "context-1m"


def test_a_stream_of_anthropics_own_passes_byte_for_byte(gateway, key, messages):
    answer = raw(EVENT_STREAM + chunk(EVENTS[:100]) + chunk(EVENTS[100:]) + chunk(b""))
    messages.on("POST", MESSAGES, answer, json_response(MESSAGE))
    with client_of(gateway, key) as client:
        body = asked("ant.claude-sonnet-4-5", stream=True)
        answer = client.post("/v1/messages", json=body)
    assert answer.content == EVENTS
    assert answer.headers["request-id"] == answer.headers["x-request-id"]


def test_a_stream_of_anthropics_own_is_read_by_the_sdk(sdk, messages):
    messages.on("POST", MESSAGES, raw(EVENT_STREAM + chunk(EVENTS) + chunk(b"")))
    with sdk.messages.stream(**asked("ant.claude-sonnet-4-5")) as stream:
        assert stream.get_final_message().content[0].text == "Bonjour"
    messages.on("POST", MESSAGES, json_response(MESSAGE))


def test_a_message_in_one_piece_is_streamed(sdk, messages):
    messages.on("POST", MESSAGES, json_response(RICH))
    with sdk.messages.stream(**asked("ant.claude-sonnet-4-5")) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert text == "Bonjour Paris"
    assert message.model_dump(mode="json", exclude_unset=True, exclude={"parsed_output"}) == RICH
    messages.on("POST", MESSAGES, json_response(MESSAGE))


async def test_a_message_in_one_piece_is_streamed_to_the_async_client(gateway, key):
    async with (
        anthropic.AsyncAnthropic(base_url=gateway.url, api_key=key, max_retries=0) as sdk,
        sdk.beta.messages.stream(**asked("ant.claude-sonnet-4-5")) as stream,
    ):
        message = await stream.get_final_message()
    assert message.model_dump(mode="json", exclude_unset=True) == MESSAGE | {"stop_details": None}


def test_tokens_are_counted_by_anthropic(sdk):
    counted = sdk.messages.count_tokens(model="ant.claude-sonnet-4-5", messages=HELLO)
    assert counted.input_tokens == 14


def test_tokens_of_others_are_estimated_and_said_to_be(sdk, chats):
    before = len(chats.calls)
    long = [{"role": "user", "content": "word " * 4000}]
    answer = sdk.messages.with_raw_response.count_tokens(model="gpt-4o", messages=long)
    assert answer.headers["x-gateway-estimated"] == "true"
    assert 4900 < answer.parse().input_tokens < 5100
    assert len(chats.calls) == before
    counted = sdk.messages.with_raw_response.count_tokens(
        model="ant.claude-sonnet-4-5", messages=HELLO
    )
    assert "x-gateway-estimated" not in counted.headers


def test_models_are_listed_in_anthropics_form(sdk):
    models = {model.id: model for model in sdk.models.list()}
    assert set(models) >= {"gpt-4o", "ant.claude-sonnet-4-5"}
    assert (models["gpt-4o"].type, models["gpt-4o"].display_name) == ("model", "gpt-4o")
    assert sdk.models.retrieve("gpt-4o").created_at.year >= 1970


def test_a_wrong_key_is_an_authentication_error(gateway):
    with (
        anthropic.Anthropic(base_url=gateway.url, api_key="sk-wrong") as sdk,
        pytest.raises(anthropic.AuthenticationError) as caught,
    ):
        sdk.messages.create(**asked("gpt-4o"))
    assert caught.value.body["type"] == "error"
    assert caught.value.body["error"]["type"] == "authentication_error"
    assert caught.value.body["request_id"] == caught.value.request_id


def test_an_unknown_model_is_a_not_found_error(sdk):
    with pytest.raises(anthropic.NotFoundError) as caught:
        sdk.messages.create(**asked("gpt-unknown"))
    assert caught.value.body["error"]["type"] == "not_found_error"
    with pytest.raises(anthropic.NotFoundError):
        sdk.models.retrieve("gpt-unknown")


@pytest.mark.parametrize("path", ["/anthropic/v1/nothing", "/v1/messages/batches"])
def test_a_path_there_is_not_is_told_of_in_anthropics_form(gateway, key, path):
    with client_of(gateway, key) as client:
        answer = client.post(path, json={})
    assert (answer.status_code, answer.json()["type"]) == (404, "error")
    assert answer.json()["request_id"] == answer.headers["request-id"]


def test_what_no_chat_can_hold_is_refused(sdk, chats):
    before = len(chats.calls)
    search = {"type": "web_search_20250305", "name": "web_search"}
    with pytest.raises(anthropic.BadRequestError, match="web_search_20250305"):
        sdk.messages.create(**asked("gpt-4o", tools=[search]))
    assert len(chats.calls) == before


def test_what_a_chat_does_without_is_named(sdk):
    answer = sdk.messages.with_raw_response.create(**asked("gpt-4o", service_tier="auto"))
    assert answer.headers["x-gateway-dropped-params"] == "service_tier"


def test_a_rate_limit_of_the_provider(sdk, chats):
    limited = json_response({"error": {"message": "Slow down."}}, 429, {"Retry-After": "7"})
    chats.on("POST", CHAT, limited, complete_chat)
    # A limit is remembered for its model, which each of the paths has for itself.
    model = "limited-anthropic" if "anthropic" in sdk.base_url.path else "limited"
    with pytest.raises(anthropic.RateLimitError) as caught:
        sdk.messages.create(**asked(model))
    assert caught.value.response.headers["retry-after"] == "7"


def test_a_stream_that_was_cut_off_raises(sdk, chats):
    event = b'data: {"choices": [{"index": 0, "delta": {"content": "Hel"}}]}\n\n'
    chats.on("POST", CHAT, close_after(EVENT_STREAM + chunk(event)), complete_chat)
    with (
        pytest.raises(anthropic.APIError, match="broke off"),
        sdk.messages.stream(**asked("gpt-4o")) as stream,
    ):
        stream.until_done()
