from __future__ import annotations

import orjson
import pytest

from connections.errors import MidStreamError
from connections.providers.registry import adapter_for
from connections.request_extensions import DROPPED_EXTENSION, TRANSLATION_EXTENSION
from tests.connections.providers.translating import (
    answer_of,
    deltas,
    events_of,
    finish_reasons,
    sse,
    usage_of,
)
from tests.support.builders import a_call, an_upstream
from wire_formats.errors import UnsendableError

HI = [{"role": "user", "content": "Hi"}]
ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
FUNCTION = {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}
TOOL = {"type": "function", "function": FUNCTION}
USAGE = {
    "input_tokens": 36,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 87,
    "output_tokens_details": {"reasoning_tokens": 16},
    "total_tokens": 123,
}
TEXT = {"type": "output_text", "text": "Hello!", "annotations": []}
MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "content": [TEXT]}
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "get_weather",
    "arguments": '{"city":"Oslo"}',
}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1741476542,
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "model": "gpt-5",
    "output": [MESSAGE],
    "usage": USAGE,
}


def an_adapter(provider: str = "compatible", **fields: object):
    return adapter_for(an_upstream(provider=provider, api_type="responses", **fields))


def a_chat(messages: list = HI, **fields: object):
    return a_call({"model": "public", "messages": messages} | fields, model="gpt-5")


def sent(messages: list = HI, **fields: object) -> dict:
    return orjson.loads(an_adapter().request(a_chat(messages, **fields)).content)


def test_chats_go_to_responses_and_nothing_else_does() -> None:
    adapter = an_adapter()
    assert adapter.url("chat/completions", "gpt-5") == "https://one.example/v1/responses"
    assert adapter.url("embeddings", "gpt-5") == "https://one.example/v1/embeddings"


def test_azure_has_the_same_below_its_own_url() -> None:
    adapter = an_adapter("azure", base_url="https://me.openai.azure.com", api_version="preview")
    url = "https://me.openai.azure.com/openai/responses?api-version=preview"
    assert adapter.url("chat/completions", "gpt-5") == url


def test_requests_in_the_apis_own_form_pass_as_they_are() -> None:
    body = {"model": "gpt-5", "input": "Hi", "previous_response_id": None}
    request = an_adapter().request(a_call(body, endpoint="responses", model="gpt-5"))
    assert orjson.loads(request.content) == body
    assert request.extensions[TRANSLATION_EXTENSION] is None


REQUESTS = {
    "the smallest": ({}, {}),
    "limits": ({"max_tokens": 5}, {"max_output_tokens": 5}),
    "newer limits": ({"max_completion_tokens": 6}, {"max_output_tokens": 6}),
    "reasoning": ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
    "sampling": (
        {"temperature": 0.5, "top_p": None, "user": "u"},
        {"temperature": 0.5, "user": "u"},
    ),
    "stream": ({"stream": True, "stream_options": {"include_usage": True}}, {"stream": True}),
    "kept": ({"store": True}, {"store": True}),
    "JSON": (
        {"response_format": {"type": "json_object"}, "verbosity": "low"},
        {"text": {"format": {"type": "json_object"}, "verbosity": "low"}},
    ),
    "a schema": (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}},
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}},
    ),
    "tools": (
        {"tools": [TOOL], "tool_choice": "required"},
        {
            "tools": [{"type": "function", "strict": False} | FUNCTION],
            "tool_choice": "required",
        },
    ),
    "a tool by name": (
        {"tools": [TOOL], "tool_choice": TOOL},
        {
            "tools": [{"type": "function", "strict": False} | FUNCTION],
            "tool_choice": {"type": "function", "name": "get_weather"},
        },
    ),
}


@pytest.mark.parametrize(("fields", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_parameters_are_said_in_the_apis_words(fields: dict, expected: dict) -> None:
    assert sent(**fields) == {"model": "gpt-5", "input": [ITEM], "store": False} | expected


def test_what_the_api_does_not_know_is_dropped_and_told() -> None:
    request = an_adapter().request(a_chat(stop="x", seed=1, n=1))
    assert request.extensions[DROPPED_EXTENSION] == ("stop", "seed")


def test_instructions_stand_before_the_conversation() -> None:
    later = {"role": "system", "content": "In verse."}
    request = sent([{"role": "system", "content": "Be brief."}, *HI, later])
    assert request["instructions"] == "Be brief."
    assert [item["role"] for item in request["input"]] == ["user", "system"]


def test_images_calls_and_results_are_items() -> None:
    image = {
        "type": "image_url",
        "image_url": {"url": "data:image/png;base64,iVBO", "detail": "low"},
    }
    function = {"name": "get_weather", "arguments": "{}"}
    messages = [
        {"role": "user", "content": [image]},
        {
            "role": "assistant",
            "content": "Wait.",
            "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "22°"},
    ]
    asked, said, call, result = sent(messages)["input"]
    assert asked["content"] == [
        {"type": "input_image", "image_url": "data:image/png;base64,iVBO", "detail": "low"}
    ]
    assert said["content"] == [{"type": "output_text", "text": "Wait."}]
    assert call == {"type": "function_call", "call_id": "call_1", **function}
    assert result == {"type": "function_call_output", "call_id": "call_1", "output": "22°"}


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": [{"type": "input_audio"}]},
        {"role": "function", "content": "x"},
        {"role": "tool", "tool_call_id": "a", "content": [{"type": "image_url"}]},
    ],
)
def test_what_cannot_be_translated_is_refused(message: dict) -> None:
    with pytest.raises(UnsendableError):
        sent([message])


async def test_a_response_becomes_a_completion() -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]}
    answer = RESPONSE | {"output": [thought, MESSAGE, CALL]}
    completion = await answer_of(an_adapter(), a_chat(), answer)
    [choice] = completion["choices"]
    assert (completion["id"], completion["created"]) == ("resp_1", 1741476542)
    assert choice["message"]["content"] == "Hello!"
    assert choice["message"]["reasoning_content"] == "Hm"
    assert choice["message"]["tool_calls"][0]["id"] == "call_1"
    assert choice["finish_reason"] == "tool_calls"
    assert completion["usage"]["prompt_tokens_details"] == {"cached_tokens": 4}
    assert completion["usage"]["completion_tokens_details"] == {"reasoning_tokens": 16}


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("max_output_tokens", "length"), ("content_filter", "content_filter")],
)
async def test_an_incomplete_response_says_why(reason: str, expected: str) -> None:
    answer = RESPONSE | {"status": "incomplete", "incomplete_details": {"reason": reason}}
    completion = await answer_of(an_adapter(), a_chat(), answer)
    assert completion["choices"][0]["finish_reason"] == expected


def event(kind: str, **fields: object) -> dict:
    return {"type": f"response.{kind}", **fields}


CREATED = event("created", response=RESPONSE | {"status": "in_progress", "output": []})


async def test_a_stream_with_text_and_a_call() -> None:
    stream = sse(
        CREATED,
        event("output_item.added", output_index=0, item=MESSAGE),
        event("output_text.delta", output_index=0, delta="Hel\u2028"),
        event("output_text.delta", output_index=0, delta="lo"),
        event("output_item.done", output_index=0, item=MESSAGE),
        event("output_item.added", output_index=1, item=CALL | {"arguments": ""}),
        event("function_call_arguments.delta", output_index=1, delta='{"city"'),
        event("function_call_arguments.delta", output_index=1, delta=':"Oslo"}'),
        event("output_item.done", output_index=1, item=CALL),
        event("completed", response=RESPONSE),
    )
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
    first, *texts, called, one, two, last = deltas(events)
    assert first["role"] == "assistant"
    assert texts == [{"content": "Hel\u2028"}, {"content": "lo"}]
    assert called["tool_calls"][0]["id"] == "call_1"
    arguments = [each["tool_calls"][0]["function"]["arguments"] for each in (one, two)]
    assert "".join(arguments) == CALL["arguments"]
    assert (last, finish_reasons(events)) == ({}, ["tool_calls"])
    assert usage_of(events)["total_tokens"] == 123
    assert events[-1] == "[DONE]"


async def test_arguments_that_come_in_one_piece_are_not_lost() -> None:
    stream = sse(
        CREATED,
        event("output_item.added", output_index=0, item=CALL | {"arguments": ""}),
        event("output_item.done", output_index=0, item=CALL),
        event("incomplete", response=RESPONSE | {"status": "incomplete"}),
    )
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
    written = [each["tool_calls"][0]["function"] for each in deltas(events) if "tool_calls" in each]
    assert written[1]["arguments"] == CALL["arguments"]
    assert finish_reasons(events) == ["length"]


@pytest.mark.parametrize(
    "failure",
    [
        event("failed", response={"error": {"code": "server_error", "message": "Boom"}}),
        {"type": "error", "code": "server_error", "message": "Boom", "param": None},
    ],
)
async def test_an_error_within_a_stream_is_an_error(failure: dict) -> None:
    events = await events_of(an_adapter(), a_chat(stream=True), sse(CREATED, failure))
    assert events[-1]["error"]["message"] == "Boom"
    assert "[DONE]" not in events


async def test_a_response_that_failed_is_an_error() -> None:
    failed = {"status": "failed", "error": {"code": "server_error", "message": "Boom"}}
    answer = await answer_of(an_adapter(), a_chat(), RESPONSE | failed)
    assert answer == {"error": failed["error"]}


@pytest.mark.parametrize(
    "state", [{"status": "in_progress"}, {"status": "cancelled"}, {"status": "failed"}]
)
async def test_an_answer_that_has_not_ended_is_no_answer(state):
    with pytest.raises(MidStreamError, match="cannot be understood"):
        await answer_of(an_adapter(), a_chat(), RESPONSE | state)
