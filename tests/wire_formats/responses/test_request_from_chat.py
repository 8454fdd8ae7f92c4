"""A chat as a request of the Responses API."""

from __future__ import annotations

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.responses.request_from_chat import responses_request

HI = [{"role": "user", "content": "Hi"}]

ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
FUNCTION = {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}
TOOL = {"type": "function", "function": FUNCTION}


def written(messages: list = HI, **fields: object):
    return responses_request({"model": "public", "messages": messages} | fields, model="gpt-5")


def sent(messages: list = HI, **fields: object) -> dict:
    return written(messages, **fields).body


REQUESTS = {
    "the smallest": ({}, {}),
    "limits": ({"max_tokens": 50}, {"max_output_tokens": 50}),
    "newer limits": ({"max_completion_tokens": 60}, {"max_output_tokens": 60}),
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
    assert written(stop="x", seed=1, n=1).dropped == ("stop", "seed")


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
    assert said == {"role": "assistant", "content": "Wait."}
    assert call == {"type": "function_call", "call_id": "call_1", **function}
    assert result == {"type": "function_call_output", "call_id": "call_1", "output": "22°"}


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": [{"type": "input_audio"}]},
        {"role": "narrator", "content": "x"},
    ],
)
def test_what_cannot_be_translated_is_refused(message: dict) -> None:
    with pytest.raises(UnsendableError):
        sent([message])
