"""openai's SDK asks for responses where the upstreams know chats alone, or Messages."""

from contextlib import ExitStack
from typing import Any

import openai
import pytest
from openai.types.responses import Response
from pydantic import BaseModel

from tests.support.api import client_of, wait_for_models
from tests.support.responders import json_response, sse
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, on_one_backing]

RESPONSES, CHAT, MESSAGES = "/v1/responses", "/v1/chat/completions", "/v1/messages"
NO_PATH = json_response({"detail": "Not Found"}, status=404)
TOOL = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": False,
}
ARGUMENTS = '{"city":"Paris"}'
USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}


def completion(finish_reason: str = "stop", **message: Any) -> dict:
    choice = {
        "index": 0,
        "message": {"role": "assistant"} | message,
        "finish_reason": finish_reason,
    }
    base = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m"}
    return base | {"choices": [choice], "usage": USAGE}


def chunks(*deltas: dict, finish_reason: str | None = "stop") -> list[dict]:
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    told = [base | {"choices": [{"index": 0, "delta": d, "finish_reason": None}]} for d in deltas]
    if finish_reason is None:
        return told
    end = {"index": 0, "delta": {}, "finish_reason": finish_reason}
    return [*told, base | {"choices": [end]}, base | {"choices": [], "usage": USAGE}]


def call(**fields: Any) -> dict:
    function = {"name": "get_weather", "arguments": ARGUMENTS}
    return {"id": "call_1", "type": "function", "function": function} | fields


@pytest.fixture(scope="module")
def upstreams():
    with ExitStack() as stack:
        chat = stack.enter_context(ScriptedUpstream(models=("chat-model",)))
        chat.on("POST", RESPONSES, NO_PATH)
        claude = stack.enter_context(ScriptedUpstream(models=("claude",)))
        yield {"chat": chat, "claude": claude}


@pytest.fixture(scope="module")
def key(gateway, upstreams):
    connections = [
        {"name": "chat", "base_url": upstreams["chat"].url, "keys": ["sk-up"]},
        {
            "name": "claude",
            "base_url": upstreams["claude"].url,
            "keys": ["sk-up"],
            "provider": "anthropic",
        },
    ]
    gateway.configure(connections=connections, grants=[{"models": ["*"], "everyone": True}])
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_for_models(client, "chat-model", "claude")
    return key


@pytest.fixture
def sdk(gateway, key):
    options = {"max_retries": 0, "_strict_response_validation": True}
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, **options) as sdk:
        yield sdk


@pytest.fixture
def chat(upstreams):
    with upstreams["chat"].as_it_was():
        yield upstreams["chat"]


def test_a_response(sdk, chat):
    made = sdk.responses.create(
        model="chat-model", instructions="Be kind.", input="Hello", max_output_tokens=50
    )
    assert made.output_text == "Hello world"
    assert (made.status, made.model, made.instructions) == ("completed", "chat-model", "Be kind.")
    assert (made.usage.input_tokens, made.usage.output_tokens, made.usage.total_tokens) == (
        9,
        2,
        11,
    )
    sent = chat.calls[-1]
    assert sent.target == CHAT
    assert sent.json["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hello"},
    ]
    assert sent.json["max_tokens"] == 50


def test_a_stream(sdk, chat):
    with sdk.responses.stream(model="chat-model", input="Hello") as stream:
        events = list(stream)
        made = stream.get_final_response()
    assert made.output_text == "Hello world"
    assert made.usage.total_tokens == 11
    assert [each.sequence_number for each in events] == list(range(len(events)))
    assert [each.type for each in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


class Weather(BaseModel):
    city: str


def test_an_answer_in_the_form_that_was_asked_for(sdk, chat):
    chat.on("POST", CHAT, json_response(completion(content=ARGUMENTS)))
    made = sdk.responses.parse(model="chat-model", input="Where?", text_format=Weather)
    assert made.output_parsed == Weather(city="Paris")
    asked = chat.calls[-1].json["response_format"]
    assert (asked["type"], asked["json_schema"]["name"]) == ("json_schema", "Weather")


def test_tools_in_three_turns_with_reasoning(sdk, chat):
    """The reasoning of each turn comes back to the upstream just as it was told."""
    signed = {"type": "thinking", "thinking": "Rain?", "signature": "c2lnbmVk"}
    thought = {"reasoning_content": "Rain?", "thinking_blocks": [signed]}
    called = completion("tool_calls", **thought, content=None, tool_calls=[call()])
    streamed = chunks(
        {"role": "assistant", "content": ""},
        {"reasoning_content": "Ra"},
        {"reasoning_content": "in?"},
        {"thinking_blocks": [signed]},
        {"tool_calls": [{"index": 0} | call(id="call_2", function={"name": "get_weather"})]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ARGUMENTS[:5]}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ARGUMENTS[5:]}}]},
        finish_reason="tool_calls",
    )
    last = json_response(completion(content="It rains."))
    chat.on("POST", CHAT, json_response(called), sse(*streamed), last)
    history: list[Any] = [{"role": "user", "content": "Weather?"}]
    asked = {"model": "chat-model", "tools": [TOOL], "store": False}

    first = sdk.responses.create(input=history, **asked)
    history += [*first.output, output_of(first)]
    with sdk.responses.stream(input=history, **asked) as stream:
        second = stream.until_done().get_final_response()
    history += [each.model_dump(exclude_unset=True) for each in second.output]
    history.append(output_of(second))
    third = sdk.responses.create(input=history, **asked)

    assert [each.type for each in first.output] == ["reasoning", "function_call"]
    assert [each.type for each in second.output] == ["reasoning", "function_call"]
    assert third.output_text == "It rains."
    messages = chat.calls[-1].json["messages"]
    assert [each["role"] for each in messages] == ["user", *["assistant", "tool"] * 2]
    assert [each["thinking_blocks"] for each in messages[1::2]] == [[signed], [signed]]
    assert [each["tool_call_id"] for each in messages[2::2]] == ["call_1", "call_2"]


def output_of(made: Response) -> dict:
    return {"type": "function_call_output", "call_id": made.output[-1].call_id, "output": "Rain"}


def test_a_stream_that_breaks_off_says_so(sdk, chat):
    chat.on("POST", CHAT, sse(*chunks({"content": "Hel"}, finish_reason=None), done=False))
    with sdk.responses.create(model="chat-model", input="Hello", stream=True) as stream:
        events = list(stream)
    error, failed = events[-2:]
    assert (error.type, error.code) == ("error", "upstream_invalid_response")
    assert failed.type == "response.failed"
    assert (failed.response.status, failed.response.error.code) == ("failed", "server_error")
    assert [each.sequence_number for each in events] == list(range(len(events)))


def test_an_answer_cut_by_its_limit_is_incomplete(sdk, chat):
    chat.on("POST", CHAT, json_response(completion("length", content="Hel")))
    made = sdk.responses.create(model="chat-model", input="Hello", max_output_tokens=1)
    assert (made.status, made.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert made.output[0].status == "incomplete"


def test_what_was_left_out_is_named(sdk, chat):
    raw = sdk.responses.with_raw_response.create(
        model="chat-model",
        input="Hello",
        tools=[TOOL, {"type": "web_search"}],
        max_tool_calls=2,
        truncation="auto",
    )
    assert raw.headers["x-gateway-dropped-params"] == "max_tool_calls, truncation, tools.1"
    assert [tool["function"]["name"] for tool in chat.calls[-1].json["tools"]] == ["get_weather"]


@pytest.mark.parametrize(
    ("param", "fields"),
    [
        ("background", {"background": True}),
        ("tools.0", {"tools": [{"type": "web_search"}]}),
        ("previous_response_id", {"previous_response_id": "resp_1"}),
        ("input.0.id", {"input": [{"type": "item_reference", "id": ""}]}),
    ],
)
def test_what_cannot_be_done_is_refused_by_its_place(sdk, chat, param, fields):
    before = len(chat.calls)
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.responses.create(**({"model": "chat-model", "input": "Hello"} | fields))
    assert caught.value.param == param
    assert len(chat.calls) == before


def test_reasoning_of_elsewhere_does_not_end_a_conversation(sdk, chat):
    sdk.responses.create(model="chat-model", input="Hello")  # now it is known to lack the path
    summary = [{"type": "summary_text", "text": "Hm."}]
    history = [
        {"role": "user", "content": "Hello"},
        {"type": "reasoning", "id": "rs_1", "summary": summary},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "gAAAA"},
        {"role": "assistant", "content": "Hi."},
        {"role": "user", "content": "How are you?"},
    ]
    made = sdk.responses.with_raw_response.create(model="chat-model", input=history)
    assert made.headers["x-gateway-dropped-params"] == "input.2"
    assert chat.calls[-1].json["messages"][1] == {
        "role": "assistant",
        "content": "Hi.",
        "reasoning_content": "Hm.",
    }


def test_a_model_that_is_not_there_is_not_asked_for_again(sdk, chat):
    missing = {"error": {"message": "The model `m` does not exist.", "code": "model_not_found"}}
    chat.on("POST", CHAT, json_response(missing, status=404))
    before = len(chat.calls)
    with pytest.raises(openai.NotFoundError):
        sdk.responses.create(model="chat-model", input="Hello")
    assert len(chat.calls) == before + 1


def test_the_lack_of_the_endpoint_is_remembered(sdk, chat):
    sdk.responses.create(model="chat-model", input="Hello")
    sdk.responses.create(model="chat-model", input="Hello")
    assert [each.target for each in chat.calls[-2:]] == [CHAT, CHAT]


def test_anthropics_models_answer_too(sdk, upstreams):
    answer = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [{"type": "text", "text": "Hello world"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 9, "output_tokens": 2},
    }
    upstreams["claude"].on("POST", MESSAGES, json_response(answer))
    made = sdk.responses.create(model="claude", instructions="Be kind.", input="Hello")
    assert (made.output_text, made.usage.total_tokens) == ("Hello world", 11)
    sent = upstreams["claude"].calls[-1].json
    assert sent["system"] == [{"type": "text", "text": "Be kind."}]
