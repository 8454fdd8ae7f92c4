from __future__ import annotations

from typing import Any

import pytest
from anthropic.types.beta.message_create_params import MessageCreateParams as BetaParams
from anthropic.types.message_create_params import MessageCreateParams
from pydantic import TypeAdapter

from wire_formats.errors import UnsendableError
from wire_formats.families import family_of
from wire_formats.messages.request_from_chat import betas_of, messages_request
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


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [
        (OPUS, "low", "low"),
        (OPUS, "xhigh", "xhigh"),
        (OPUS, "max", "max"),
        (ALWAYS_THINKING, "medium", "medium"),
        ("claude-opus-4-6", "max", "max"),
    ],
)
def test_newer_families_think_adaptively_with_an_effort(
    model: str, effort: str, expected: str
) -> None:
    request = payload(model, reasoning_effort=effort)

    assert request.body["thinking"]["type"] == "adaptive"
    assert request.body["output_config"] == {"effort": expected}
    assert request.dropped == ()


@pytest.mark.parametrize(
    ("model", "effort", "expected"),
    [(OPUS, "minimal", "low"), ("claude-sonnet-4-6", "xhigh", "high")],
)
def test_an_effort_that_a_family_lacks_becomes_the_nearest_and_is_named(
    model: str, effort: str, expected: str
) -> None:
    request = payload(model, reasoning_effort=effort)

    assert request.body["output_config"] == {"effort": expected}
    assert request.dropped == ("reasoning_effort",)


def test_thoughts_are_asked_for_where_a_family_hides_them() -> None:
    assert sent(OPUS, reasoning_effort="low")["thinking"]["display"] == "summarized"
    assert "display" not in sent("claude-opus-4-6", reasoning_effort="low")["thinking"]
    hidden = sent(OPUS, reasoning={"effort": "low", "exclude": True})
    assert hidden["thinking"] == {"type": "adaptive", "display": "omitted"}


@pytest.mark.parametrize(
    ("effort", "budget"),
    [("minimal", 1024), ("low", 1024), ("medium", 4096), ("high", 16384), ("max", 59904)],
)
def test_older_families_think_with_a_budget(effort: str, budget: int) -> None:
    request = payload(reasoning_effort=effort)

    assert request.body["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert request.dropped == ()


def test_a_budget_leaves_room_to_answer() -> None:
    request = sent("claude-opus-4-1", reasoning_effort="max")

    assert request["max_tokens"] == 32_000
    assert request["thinking"]["budget_tokens"] == 32_000 - 4096


@pytest.mark.parametrize(
    ("model", "expected", "names"),
    [
        (SONNET, None, ()),
        (OPUS, None, ()),
        (BY_DEFAULT, {"type": "disabled"}, ()),
        ("claude-sonnet-5-5", {"type": "between_tools"}, ()),
        ("claude-haiku-5-5", {"type": "disabled"}, ()),
    ],
)
@pytest.mark.parametrize(
    "wish",
    [
        {"reasoning_effort": "none"},
        {"reasoning": {"effort": "none"}},
        {"reasoning": {"enabled": False}},
        {"thinking": {"type": "disabled"}},
    ],
)
def test_thinking_is_turned_off_as_the_family_can(
    model: str, expected: Any, names: tuple[str, ...], wish: dict[str, Any]
) -> None:
    request = payload(model, **wish)

    assert request.body.get("thinking") == expected
    assert request.dropped == names


def test_a_model_that_always_thinks_is_told_to_think_little() -> None:
    request = payload(ALWAYS_THINKING, reasoning_effort="none")

    assert "thinking" not in request.body
    assert request.body["output_config"] == {"effort": "low"}
    assert request.dropped == ("reasoning_effort",)


@pytest.mark.parametrize("word", ["utmost", "auto", 5])
@pytest.mark.parametrize("model", [OPUS, SONNET])
def test_a_word_that_is_no_effort_is_named(model: str, word: Any) -> None:
    assert lost(model, reasoning_effort=word) == ("reasoning_effort",)


def test_openrouters_budget_is_one_or_the_effort_that_comes_near() -> None:
    wish = {"max_tokens": 5000}

    assert sent(reasoning=wish)["thinking"] == {"type": "enabled", "budget_tokens": 5000}
    assert sent(OPUS, reasoning=wish)["output_config"] == {"effort": "medium"}
    assert sent(OPUS, reasoning={"enabled": True})["output_config"] == {"effort": "medium"}


def test_anthropics_own_thinking_is_kept_where_the_family_takes_it() -> None:
    own = {"type": "enabled", "budget_tokens": 2000}

    assert sent(thinking=own)["thinking"] == own
    newer = payload(OPUS, thinking=own)
    assert newer.body["thinking"]["type"] == "adaptive"
    assert newer.dropped == ("thinking",)
    both = sent(OPUS, thinking={"type": "adaptive"}, output_config={"effort": "xhigh"})
    assert both["output_config"] == {"effort": "xhigh"}


def test_models_that_do_not_think_name_the_effort() -> None:
    assert lost("claude-3-5-haiku-latest", reasoning_effort="high") == ("reasoning_effort",)


def test_a_forced_call_is_made_without_thinking() -> None:
    tools = {"tools": [WEATHER], "tool_choice": "required", "reasoning_effort": "max"}

    older = payload(**tools)
    assert "thinking" not in older.body
    assert older.dropped == ("reasoning_effort",)
    newer = sent(BY_DEFAULT, **tools)
    assert (newer["thinking"], newer["output_config"]) == (
        {"type": "disabled"},
        {"effort": "high"},
    )
    assert sent(BY_DEFAULT, tools=[WEATHER], tool_choice="required")["thinking"] == {
        "type": "disabled"
    }


def test_a_model_that_cannot_be_forced_chooses_and_it_is_named() -> None:
    request = payload(ALWAYS_THINKING, tools=[WEATHER], tool_choice="required")

    assert request.body["tool_choice"] == {"type": "auto"}
    assert request.dropped == ("tool_choice",)


SAMPLING = {"temperature": 0.2, "top_p": 0.9, "top_k": 5}


def test_families_that_refuse_sampling_get_none_and_it_is_named() -> None:
    request = payload(OPUS, **SAMPLING)

    assert SAMPLING.keys().isdisjoint(request.body)
    assert request.dropped == ("temperature", "top_p", "top_k")
    assert lost(OPUS, temperature=1, top_p=1.0) == ()


def test_families_that_take_one_get_the_temperature() -> None:
    request = payload(SONNET, **SAMPLING)

    assert {k: v for k, v in request.body.items() if k in SAMPLING} == {
        "temperature": 0.2,
        "top_k": 5,
    }
    assert request.dropped == ("top_p",)


def test_a_temperature_that_says_nothing_gives_way() -> None:
    request = payload(SONNET, temperature=1, top_p=0.5)

    assert request.body["top_p"] == 0.5
    assert "temperature" not in request.body
    assert request.dropped == ()


def test_older_families_take_all() -> None:
    assert sent("claude-sonnet-4", **SAMPLING).items() >= SAMPLING.items()


def test_thinking_leaves_room_for_a_wide_top_p_alone() -> None:
    request = payload(
        "claude-sonnet-4", reasoning_effort="low", temperature=0.2, top_p=0.96, top_k=3
    )

    assert request.body["top_p"] == 0.96
    assert request.dropped == ("temperature", "top_k")


def test_a_temperature_past_the_end_is_named() -> None:
    assert lost(temperature=1.7) == ("temperature",)


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        (OPUS, 128_000),
        (SONNET, 64_000),
        ("claude-opus-4-1", 32_000),
        ("claude-3-haiku-20240307", 4_096),
        ("mine", 8_192),
    ],
)
def test_the_limit_is_the_models_own_where_none_is_given(model: str, limit: int) -> None:
    assert sent(model)["max_tokens"] == limit


def test_a_limit_above_the_models_own_is_cut_and_named() -> None:
    request = payload("claude-opus-4-1", max_completion_tokens=10**6)

    assert request.body["max_tokens"] == 32_000
    assert request.dropped == ("max_completion_tokens",)


@pytest.mark.parametrize("limit", [0, -1, "9", 1.5, True])
def test_a_limit_that_is_none_is_refused(limit: Any) -> None:
    with pytest.raises(UnsendableError) as refused:
        sent(max_tokens=limit)
    assert refused.value.param == "max_tokens"


def test_stop_sequences_of_blanks_are_left_out() -> None:
    request = payload(stop=["\n", "END"], stop_sequences=["x"])

    assert request.body["stop_sequences"] == ["END", "x"]
    assert request.dropped == ("stop",)
    assert "stop_sequences" not in sent(stop="\n\n")


@pytest.mark.parametrize("user", ["ada@example.com", "Ada Lovelace", "+4930123456", "0" * 8])
def test_who_the_user_is_is_not_told(user: str) -> None:
    request = payload(user=user)

    assert user not in str(request.body)
    assert request.body["metadata"] == payload(user=user).body["metadata"]
    assert request.dropped == ("user",)


def test_an_opaque_user_is_passed() -> None:
    assert sent(user="u-1:x")["metadata"] == {"user_id": "u-1:x"}
    assert sent(safety_identifier="a1")["metadata"] == {"user_id": "a1"}
    assert sent(metadata={"user_id": "a1"})["metadata"] == {"user_id": "a1"}
    assert lost(metadata={"chat_id": "c"}) == ("metadata",)


def test_json_without_a_schema_is_asked_for_in_words() -> None:
    request = payload(response_format={"type": "json_object"})

    assert "JSON" in request.body["system"][0]["text"]
    assert request.dropped == ("response_format",)


def test_objects_of_a_schema_are_closed() -> None:
    inner = {"type": "object", "properties": {"a": {"type": "string"}}}
    schema = {"type": "object", "properties": {"list": {"type": "array", "items": inner}}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}

    told = sent(OPUS, response_format=form, reasoning_effort="low")["output_config"]
    assert told["format"]["schema"]["additionalProperties"] is False
    assert told["format"]["schema"]["properties"]["list"]["items"]["additionalProperties"] is False
    assert told["effort"] == "low"
    assert "additionalProperties" not in schema


def test_tiers_have_other_names() -> None:
    assert "service_tier" not in sent(service_tier="auto")
    assert sent(service_tier="default")["service_tier"] == "standard_only"
    assert lost(service_tier="flex") == ("service_tier",)


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
