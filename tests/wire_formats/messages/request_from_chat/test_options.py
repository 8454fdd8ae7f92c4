"""The plain parameters of a chat in Anthropic's words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire_formats.messages.request_from_chat.test_request import (
    OPUS,
    SONNET,
    lost,
    payload,
    sent,
)
from wire_formats.errors import UnsendableError

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
