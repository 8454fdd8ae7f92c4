"""A chat as a request of the Messages API."""

from __future__ import annotations

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.messages.request_from_chat import messages_request

MODEL = "claude-sonnet-4-5"
HI = [{"role": "user", "content": "Hi"}]

WEATHER = {
    "name": "get_weather",
    "description": "Get the current weather in a given location",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}},
}
TOOL = {"type": "function", "function": WEATHER}
ANTHROPIC_TOOL = {
    "name": "get_weather",
    "description": WEATHER["description"],
    "input_schema": WEATHER["parameters"],
}
ANTHROPIC_HI = [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]


def written(messages: list = HI, **fields: object):
    return messages_request({"model": "public", "messages": messages} | fields, model=MODEL)


def sent(messages: list = HI, **fields: object) -> dict:
    return written(messages, **fields).body


def dropped(**fields: object) -> tuple[str, ...]:
    return written(**fields).dropped


REQUESTS = {
    "the smallest": ({}, {"max_tokens": 4096}),
    "max_tokens": ({"max_tokens": 7}, {"max_tokens": 7}),
    "max_completion_tokens": ({"max_completion_tokens": 8}, {"max_tokens": 8}),
    "stream": ({"stream": True, "stream_options": {}}, {"max_tokens": 4096, "stream": True}),
    "temperature": ({"temperature": 0.5}, {"max_tokens": 4096, "temperature": 0.5}),
    "a temperature past the end": ({"temperature": 1.7}, {"max_tokens": 4096, "temperature": 1}),
    "top_p": ({"top_p": 0.9}, {"max_tokens": 4096, "top_p": 0.9}),
    "a stop": ({"stop": "END"}, {"max_tokens": 4096, "stop_sequences": ["END"]}),
    "stops": ({"stop": ["a", "b"]}, {"max_tokens": 4096, "stop_sequences": ["a", "b"]}),
    "user": ({"user": "u-1"}, {"max_tokens": 4096, "metadata": {"user_id": "u-1"}}),
    "nulls": ({"temperature": None, "stop": None, "tools": None}, {"max_tokens": 4096}),
    "tools": ({"tools": [TOOL]}, {"max_tokens": 4096, "tools": [ANTHROPIC_TOOL]}),
    "a schema": (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}},
        {"max_tokens": 4096, "output_config": {"format": {"type": "json_schema", "schema": {}}}},
    ),
    "little reasoning": (
        {"reasoning_effort": "low"},
        {"max_tokens": 5120, "thinking": {"type": "enabled", "budget_tokens": 1024}},
    ),
    "reasoning below the client's limit": (
        {"reasoning_effort": "high", "max_tokens": 2000, "temperature": 0.2},
        {"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1999}},
    ),
    "no room to reason": ({"reasoning_effort": "high", "max_tokens": 500}, {"max_tokens": 500}),
}


@pytest.mark.parametrize(("fields", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_parameters_are_said_in_anthropics_words(fields: dict, expected: dict) -> None:
    assert sent(**fields) == {"model": MODEL, "messages": ANTHROPIC_HI} | expected


CHOICES = {
    "auto": ("auto", None, {"type": "auto"}),
    "none": ("none", None, {"type": "none"}),
    "required": ("required", None, {"type": "any"}),
    "by name": (
        {"type": "function", "function": {"name": "get_weather"}},
        None,
        {"type": "tool", "name": "get_weather"},
    ),
    "one at a time": (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
    "required, one at a time": (
        "required",
        False,
        {"type": "any", "disable_parallel_tool_use": True},
    ),
    "none, one at a time": ("none", False, {"type": "none"}),
}


@pytest.mark.parametrize(("choice", "parallel", "expected"), CHOICES.values(), ids=CHOICES)
def test_tool_choices(choice: object, parallel: bool | None, expected: dict) -> None:
    request = sent(tools=[TOOL], tool_choice=choice, parallel_tool_calls=parallel)
    assert request["tool_choice"] == expected


def test_system_messages_stand_apart() -> None:
    request = sent(
        [
            {"role": "system", "content": "Be brief."},
            *HI,
            {"role": "developer", "content": [{"type": "text", "text": "In verse."}]},
        ]
    )
    assert [block["text"] for block in request["system"]] == ["Be brief.", "In verse."]
    assert request["messages"] == ANTHROPIC_HI


def test_images_are_given_by_url_or_as_base64() -> None:
    parts = [
        {"type": "text", "text": "What is this?", "cache_control": {"type": "ephemeral"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}},
    ]
    text, inline, linked = sent([{"role": "user", "content": parts}])["messages"][0]["content"]
    assert text["cache_control"] == {"type": "ephemeral"}
    source = {"type": "base64", "media_type": "image/png", "data": "iVBO"}
    assert inline == {"type": "image", "source": source}
    assert linked["source"] == {"type": "url", "url": "https://example.com/a.jpg"}


def test_results_of_tools_stand_together_in_one_message() -> None:
    calls = [
        {
            "id": f"toolu_{n}",
            "type": "function",
            "function": {"name": "f", "arguments": f'{{"n":{n}}}'},
        }
        for n in (1, 2)
    ]
    results = [{"role": "tool", "tool_call_id": f"toolu_{n}", "content": f"{n}°"} for n in (1, 2)]
    thanks = {"role": "user", "content": "And now?"}
    assistant, user = sent(
        [*HI, {"role": "assistant", "content": None, "tool_calls": calls}, *results, thanks]
    )["messages"][1:]
    assert assistant["content"][1] == {
        "type": "tool_use",
        "id": "toolu_2",
        "name": "f",
        "input": {"n": 2},
    }
    assert [block["type"] for block in user["content"]] == ["tool_result", "tool_result", "text"]
    assert user["content"][0]["tool_use_id"] == "toolu_1"


def test_what_anthropic_does_not_know_is_dropped_and_told() -> None:
    fields = {"seed": 0, "logit_bias": {"1": 2}, "n": 2, "top_logprobs": 1}
    assert dropped(**fields) == ("seed", "logit_bias", "n", "top_logprobs")


def test_what_makes_no_difference_is_not_told() -> None:
    fields = {"n": 1, "presence_penalty": 0, "logprobs": False, "seed": None, "metadata": {}}
    words = {"response_format": {"type": "text"}, "reasoning_effort": "none"}
    assert dropped(**fields, **words) == ()


def test_reasoning_that_cannot_be_is_told() -> None:
    assert dropped(reasoning_effort="high", max_tokens=500) == ("reasoning_effort",)
    assert dropped(reasoning_effort="high", temperature=0.2) == ("temperature",)


REFUSED = {
    "audio": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}],
    "a part that is a text": [{"role": "user", "content": ["Hi"]}],
    "a message that is a text": ["Hi"],
    "a role nobody knows": [{"role": "narrator", "content": "Hi"}],
    "a data URL in clear": [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,a"}}]}
    ],
    "arguments that are no JSON": [
        {
            "role": "assistant",
            "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{"}}],
        }
    ],
}


@pytest.mark.parametrize("messages", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_translated_is_refused(messages: list) -> None:
    with pytest.raises(UnsendableError):
        sent(messages)
