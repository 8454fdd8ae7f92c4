"""A chat as a request of the Responses API."""

from __future__ import annotations

import pytest
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from pydantic import TypeAdapter

from wire_formats.families import family_of
from wire_formats.payload import Payload
from wire_formats.responses.request_from_chat.request import responses_request

HI = [{"role": "user", "content": "Hi"}]
SEALED = "reasoning.encrypted_content"
PARAMS = TypeAdapter(ResponseCreateParamsNonStreaming | ResponseCreateParamsStreaming)

ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}


def written(messages: list = HI, **fields: object) -> Payload:
    """The request for a model that reasons."""
    body = {"model": "public", "messages": messages} | fields
    made = responses_request(body, model="gpt-5", family=family_of("gpt-5"), is_reasoning=True)
    PARAMS.validate_python(made.body)
    return made


def sent(messages: list = HI, **fields: object) -> dict:
    return written(messages, **fields).body


REQUESTS = {
    "the smallest": ({}, {}),
    "limits": ({"max_tokens": 50}, {"max_output_tokens": 50}),
    "newer limits": ({"max_completion_tokens": 60}, {"max_output_tokens": 60}),
    "a limit below the least": ({"max_tokens": 5}, {"max_output_tokens": 16}),
    "a summary": (
        {"reasoning": {"summary": "auto", "max_tokens": 9}, "reasoning_effort": "high"},
        {"reasoning": {"summary": "auto", "effort": "high"}},
    ),
    "an effort that the family has not": (
        {"reasoning_effort": "xhigh"},
        {"reasoning": {"effort": "high"}},
    ),
    "caching": (
        {"prompt_cache_key": "k", "prompt_cache_retention": "24h", "metadata": {}},
        {"prompt_cache_key": "k", "prompt_cache_retention": "24h"},
    ),
    "log probabilities": (
        {"logprobs": True, "top_logprobs": 3},
        {"top_logprobs": 3, "include": ["message.output_text.logprobs", SEALED]},
    ),
    "more included": (
        {"include": ["web_search_call.results", SEALED]},
        {"include": ["web_search_call.results", SEALED]},
    ),
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
}


@pytest.mark.parametrize(("fields", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_parameters_are_said_in_the_apis_words(fields: dict, expected: dict) -> None:
    base = {"model": "gpt-5", "input": [ITEM], "store": False, "include": [SEALED]}
    if fields.get("store"):
        del base["include"]
    assert sent(**fields) == base | expected


def test_only_models_that_reason_are_asked_for_what_they_seal() -> None:
    assert "include" not in responses_request({"messages": HI}, model="gpt-4o").body


def test_what_the_api_does_not_know_is_dropped_and_told() -> None:
    assert written(stop="x", seed=1, n=1).dropped == ("stop", "seed")
    names = {"max_tokens": 1, "reasoning_effort": "max", "tools": [{"type": "mcp"}]}
    assert written(**names).dropped == ("tools.0", "max_tokens", "reasoning_effort")


def test_instructions_stand_before_the_conversation() -> None:
    later = {"role": "system", "content": "In verse."}
    request = sent([{"role": "system", "content": "Be brief."}, *HI, later])
    assert request["instructions"] == "Be brief."
    assert [item["role"] for item in request["input"]] == ["user", "system"]


def test_instructions_alone_are_what_is_asked() -> None:
    request = sent([{"role": "system", "content": "Be brief."}])
    assert "instructions" not in request
    assert [item["role"] for item in request["input"]] == ["system"]


@pytest.mark.parametrize("limit", ["9", 1.5])
def test_a_limit_that_is_none_is_named(limit: object) -> None:
    assert written(max_completion_tokens=limit).dropped == ("max_completion_tokens",)
