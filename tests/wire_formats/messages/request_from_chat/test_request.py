from __future__ import annotations

from typing import Any

import pytest
from anthropic.types.beta.message_create_params import MessageCreateParams as BetaParams
from anthropic.types.message_create_params import MessageCreateParams
from pydantic import TypeAdapter

from wire_formats.families import family_of
from wire_formats.messages.request_from_chat.request import betas_of, messages_request
from wire_formats.payload import Payload

OPUS = "claude-opus-4-7"
ALWAYS_THINKING = "claude-opus-5-5"
BY_DEFAULT = "claude-opus-5"
SONNET = "claude-sonnet-4-5"
HI = [{"role": "user", "content": "Hi"}]
WEATHER = {"type": "function", "function": {"name": "get_weather"}}
BASE: dict[str, Any] = {
    "model": SONNET,
    "max_tokens": 64_000,
    "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
}
PARAMS: TypeAdapter[Any] = TypeAdapter(MessageCreateParams)
BETA_PARAMS: TypeAdapter[Any] = TypeAdapter(BetaParams)


def payload(model: str = SONNET, messages: Any = HI, **fields: Any) -> Payload:
    """Anthropic's SDK takes every request that is made here."""
    made = messages_request({"model": "public", "messages": messages} | fields, model=model)
    params = BETA_PARAMS if "context_management" in made.body else PARAMS
    params.validate_python({"stream": False} | made.body)
    return made


def sent(model: str = SONNET, messages: Any = HI, **fields: Any) -> dict[str, Any]:
    return payload(model, messages, **fields).body


def lost(model: str = SONNET, messages: Any = HI, **fields: Any) -> tuple[str, ...]:
    return payload(model, messages, **fields).dropped


def test_a_model_that_cannot_be_forced_chooses_and_it_is_named() -> None:
    request = payload(ALWAYS_THINKING, tools=[WEATHER], tool_choice="required")

    assert request.body["tool_choice"] == {"type": "auto"}
    assert request.dropped == ("tool_choice",)


@pytest.mark.parametrize(
    "field",
    [
        {"web_search_options": {"search_context_size": "low"}},
        {"prediction": {"type": "content", "content": "x"}},
        {"modalities": ["text", "audio"]},
        {"audio": {"voice": "x", "format": "wav"}},
        {"logprobs": True},
        {"n": 2},
        {"verbosity": "low"},
        {"prompt_cache_key": "k"},
        {"diagnostics": {"x": 1}},
        {"speed": "fast"},
        {"mcp_servers": [{"url": "https://x.example"}]},
    ],
)
def test_what_anthropic_has_no_place_for_is_named(field: dict[str, Any]) -> None:
    request = payload(**field)

    assert request.dropped == tuple(field)
    assert request.body.keys().isdisjoint(field)


@pytest.mark.parametrize("value", [None, [], {}])
def test_what_is_absent_is_not_named(value: Any) -> None:
    names = ("tools", "container", "reasoning", "thinking", "mcp_servers", "functions", "betas")
    assert lost(**dict.fromkeys(names, value)) == ()


def test_anthropics_own_fields_pass() -> None:
    own = {
        "cache_control": {"type": "ephemeral"},
        "container": "container_1",
        "top_k": 4,
    }
    assert sent("claude-sonnet-4", **own).items() >= own.items()


def test_betas_are_told_in_a_header() -> None:
    edits = {"edits": [{"type": "clear_tool_uses_20250919"}]}

    assert sent(context_management=edits)["context_management"] == edits
    assert betas_of({"betas": ["a-1", "a\r\nb", 5], "context_management": edits}) == [
        "a-1",
        "context-management-2025-06-27",
    ]
    assert betas_of({"betas": "x"}) == []


def test_an_admins_facts_count() -> None:
    family = family_of("prod-7", (("like", OPUS), ("max_output_tokens", 5000)))
    body = {"messages": HI, "reasoning_effort": "max", "temperature": 0}
    request = messages_request(body, model="prod-7", family=family).body

    assert request["model"] == "prod-7"
    assert request["max_tokens"] == 5000
    assert request["output_config"] == {"effort": "max"}
    assert "temperature" not in request


def test_the_clients_body_is_not_changed() -> None:
    marked = [{"type": "text", "text": "a ", "cache_control": {"type": "ephemeral"}}]
    body = {
        "messages": [
            *HI,
            {"role": "assistant", "content": "b", "tool_calls": [{"id": "x", "function": {}}]},
            {"role": "tool", "tool_call_id": "x", "content": marked},
            {"role": "assistant", "content": "end "},
        ],
        "output_config": {"effort": "low"},
    }
    before = repr(body)
    messages_request(body, model=SONNET)
    messages_request(body, model=OPUS)

    assert repr(body) == before


REQUESTS: dict[str, Any] = {
    "the smallest": ({}, {}),
    "max_tokens": ({"max_tokens": 7}, {"max_tokens": 7}),
    "max_completion_tokens": ({"max_completion_tokens": 8}, {"max_tokens": 8}),
    "stream": ({"stream": True, "stream_options": {}}, {"stream": True}),
    "temperature": ({"temperature": 0.5}, {"temperature": 0.5}),
    "a temperature past the end": ({"temperature": 1.7}, {"temperature": 1}),
    "top_p": ({"top_p": 0.9}, {"top_p": 0.9}),
    "a stop": ({"stop": "END"}, {"stop_sequences": ["END"]}),
    "stops": ({"stop": ["a", "b"]}, {"stop_sequences": ["a", "b"]}),
    "user": ({"user": "u-1"}, {"metadata": {"user_id": "u-1"}}),
    "nulls": ({"temperature": None, "stop": None, "tools": None}, {}),
    "a schema": (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}},
        {"output_config": {"format": {"type": "json_schema", "schema": {}}}},
    ),
    "little reasoning": (
        {"reasoning_effort": "low"},
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    ),
    "reasoning below the client's limit": (
        {"reasoning_effort": "high", "max_tokens": 2000, "temperature": 0.2},
        {"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1999}},
    ),
    "no room to reason": ({"reasoning_effort": "high", "max_tokens": 500}, {"max_tokens": 500}),
}


@pytest.mark.parametrize(("fields", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_parameters_are_said_in_anthropics_words(
    fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert sent(**fields) == BASE | expected


def test_what_anthropic_does_not_know_is_dropped_and_told() -> None:
    fields = {"seed": 0, "logit_bias": {"1": 2}, "n": 2, "top_logprobs": 1}
    assert lost(**fields) == ("seed", "logit_bias", "n", "top_logprobs")


def test_what_makes_no_difference_is_not_told() -> None:
    fields = {"n": 1, "presence_penalty": 0, "logprobs": False, "seed": None, "metadata": {}}
    words = {"response_format": {"type": "text"}, "reasoning_effort": "none"}
    assert lost(**fields, **words) == ()


def test_reasoning_that_cannot_be_is_told() -> None:
    assert lost(reasoning_effort="high", max_tokens=500) == ("reasoning_effort",)
    assert lost(reasoning_effort="high", temperature=0.2) == ("temperature",)


@pytest.mark.parametrize("kind", [{"type": "grammar"}, {"type": "json_schema"}, {"a": 1}])
def test_forms_of_answers_that_are_not_known_are_named(kind: dict[str, Any]) -> None:
    assert lost(response_format=kind) == ("response_format",)


@pytest.mark.parametrize("kind", [None, {}, {"type": "text"}])
def test_forms_of_answers_that_ask_for_nothing(kind: Any) -> None:
    assert lost(response_format=kind) == ()
