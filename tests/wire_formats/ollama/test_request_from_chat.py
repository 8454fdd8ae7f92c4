"""Chats and embeddings as requests of Ollama's own API."""

from __future__ import annotations

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.ollama.request_from_chat import chat_request, embed_request

MODEL = "llama3.2:latest"
HI = [{"role": "user", "content": "why is the sky blue?"}]

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def written(messages: list = HI, **fields: object):
    return chat_request({"model": "public", "messages": messages} | fields, model=MODEL)


def sent(messages: list = HI, **fields: object) -> dict:
    return written(messages, **fields).body


def dropped(**fields: object) -> tuple[str, ...]:
    return written(**fields).dropped


REQUESTS = {
    "the smallest": ({}, {}),
    "stream": ({"stream": True, "stream_options": {"include_usage": True}}, {"stream": True}),
    "sampling": (
        {"temperature": 0.5, "top_p": 0.9, "seed": 0, "frequency_penalty": 1},
        {"options": {"temperature": 0.5, "top_p": 0.9, "seed": 0, "frequency_penalty": 1}},
    ),
    "limits": (
        {"max_completion_tokens": 5, "stop": "END"},
        {"options": {"stop": ["END"], "num_predict": 5}},
    ),
    "its own options": (
        {"temperature": 0.5, "options": {"num_ctx": 8192, "temperature": 1}},
        {"options": {"temperature": 1, "num_ctx": 8192}},
    ),
    "keep_alive": ({"keep_alive": "5m"}, {"keep_alive": "5m"}),
    "JSON": ({"response_format": {"type": "json_object"}}, {"format": "json"}),
    "a schema": (
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "null"}}}},
        {"format": {"type": "null"}},
    ),
    "reasoning": ({"reasoning_effort": "high"}, {"think": "high"}),
    "reasoning as OpenRouter has it": ({"reasoning": {"effort": "low"}}, {"think": "low"}),
    "thinking in its own words": ({"think": True, "reasoning_effort": "low"}, {"think": True}),
    "probabilities": (
        {"logprobs": True, "top_logprobs": 2},
        {"logprobs": True, "top_logprobs": 2},
    ),
    "a format in its own words": ({"format": {"type": "null"}}, {"format": {"type": "null"}}),
    "tools written as for a response": (
        {"tools": [{"type": "function"} | TOOL["function"]]},
        {"tools": [TOOL]},
    ),
    "no reasoning": ({"reasoning_effort": "none"}, {"think": False}),
    "tools": ({"tools": [TOOL], "tool_choice": "auto"}, {"tools": [TOOL]}),
    "no tools": ({"tools": [TOOL], "tool_choice": "none"}, {}),
}


@pytest.mark.parametrize(("fields", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_parameters_are_said_in_ollamas_words(fields: dict, expected: dict) -> None:
    assert sent(**fields) == {"model": MODEL, "messages": HI, "stream": False} | expected
    assert dropped(**fields) == ()


def test_what_ollama_does_not_know_is_dropped_and_told() -> None:
    assert dropped(logit_bias={"1": 1}, tool_choice="required", user="u", n=1) == (
        "logit_bias",
        "tool_choice",
        "user",
    )


@pytest.mark.parametrize(
    ("asked_for", "reported"),
    [
        ({"type": "text"}, ()),
        ({"type": "json_object"}, ()),
        ({"type": "grammar", "grammar": "x"}, ("response_format",)),
        ({"type": "json_schema", "json_schema": {"name": "x"}}, ("response_format",)),
    ],
)
def test_a_format_that_ollama_has_not_is_told(asked_for: dict, reported: tuple) -> None:
    assert dropped(response_format=asked_for) == reported


def test_an_embedding_is_asked_for_in_ollamas_words() -> None:
    request = embed_request({"input": ["a"], "dimensions": 64, "user": "u"}, model=MODEL)
    assert request.body == {"model": MODEL, "input": ["a"], "dimensions": 64}
    assert request.dropped == ("user",)
    with pytest.raises(UnsendableError):
        embed_request({"input": [1, 2]}, model=MODEL)


@pytest.mark.parametrize(
    ("effort", "level"), [("minimal", "low"), ("xhigh", "high"), ("max", "high")]
)
@pytest.mark.parametrize("name", ["reasoning_effort", "think"])
def test_an_effort_without_a_word_becomes_the_nearest_and_is_told(
    name: str, effort: str, level: str
) -> None:
    assert sent(**{name: effort})["think"] == level
    assert dropped(**{name: effort}) == (name,)


def test_tools_that_are_no_functions_are_dropped_and_told() -> None:
    tools = [{"type": "custom", "custom": {"name": "x"}}, TOOL, 5]
    assert sent(tools=tools)["tools"] == [TOOL]
    assert dropped(tools=tools) == ("tools.0", "tools.2")
    assert "tools" not in sent(tools=tools[:1])


def test_a_limit_that_is_no_whole_number_is_named() -> None:
    assert dropped(max_tokens="9") == ("max_tokens",)
    assert sent(max_completion_tokens=0)["options"] == {"num_predict": 0}
