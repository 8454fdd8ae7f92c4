"""An output is cut in the field that each API has for it, and only where it would be longer."""

from __future__ import annotations

import pytest

from proxy.answering.clamping import (
    clamped,
    clamped_message,
    name_for_client,
)
from tests.support.builders import a_call
from wire_formats.endpoints import ENDPOINTS, WITH_MAXIMUM

CHAT = {"messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    ("endpoint", "field"),
    [
        ("chat/completions", "max_tokens"),
        ("completions", "max_tokens"),
        ("responses", "max_output_tokens"),
        ("messages", "max_tokens"),
    ],
)
def test_the_field_is_that_of_the_endpoint(endpoint, field) -> None:
    call = a_call({"a": 1}, endpoint=endpoint, model="m")
    cut = clamped(call, 40)
    assert cut.body == {"a": 1, field: 40}
    assert call.body == {"a": 1}
    assert name_for_client(endpoint, cut) == field


def test_reasoning_models_have_a_field_of_their_own() -> None:
    cut = clamped(a_call(CHAT, model="o3"), 40)
    assert cut.body == CHAT | {"max_completion_tokens": 40}
    assert name_for_client("chat/completions", cut) == "max_completion_tokens"


def test_an_admins_word_on_the_family_counts() -> None:
    cut = clamped(a_call(CHAT, model="inhouse", is_reasoning=True), 40)
    assert cut.body == CHAT | {"max_completion_tokens": 40}
    cut = clamped(a_call(CHAT, model="o3", is_reasoning=False), 40)
    assert cut.body == CHAT | {"max_tokens": 40}


@pytest.mark.parametrize("value", [40, 7, 40.0])
def test_a_maximum_that_is_no_higher_stays(value) -> None:
    call = a_call(CHAT | {"max_tokens": value}, model="m")
    assert clamped(call, 40) is call


@pytest.mark.parametrize("value", [41, 1e6, 10**40, "7", "many", 1.5, True, -1, 0, []])
def test_a_maximum_that_is_higher_or_none_is_lowered(value) -> None:
    call = a_call(CHAT | {"max_completion_tokens": value}, model="m")
    cut = clamped(call, 40)
    assert cut.body == CHAT | {"max_completion_tokens": 40}
    assert name_for_client("chat/completions", cut) == "max_completion_tokens"


def test_several_answers_share_the_maximum() -> None:
    assert clamped(a_call(CHAT | {"n": 4}), 40).body["max_tokens"] == 10
    prompts = a_call({"prompt": ["a", "b"], "best_of": 4}, endpoint="completions")
    assert clamped(prompts, 40).body["max_tokens"] == 5
    assert clamped(a_call(CHAT | {"n": 100}), 40).body["max_tokens"] == 1


@pytest.mark.parametrize(
    ("given", "options"),
    [
        (-1, {"num_predict": 40}),
        ("900", {"num_predict": 40}),
        (900, {"num_predict": 40}),
        (7, {"num_predict": 7}),
    ],
)
def test_ollamas_own_option_is_cut_too(given, options) -> None:
    call = a_call(CHAT | {"options": {"num_predict": given}})
    assert clamped(call, 40).body["options"] == options


@pytest.mark.parametrize(
    ("given", "cut"),
    [
        ({"max_tokens": 9, "Max_Tokens": 900}, {"max_tokens": 9, "Max_Tokens": 40}),
        ({"MAX_TOKENS": 900}, {"MAX_TOKENS": 40, "max_tokens": 40}),
        ({"max_tokens": 9, "n_predict": -1}, {"max_tokens": 9, "n_predict": 40}),
    ],
)
def test_what_some_upstreams_read_instead_is_cut_too(given, cut) -> None:
    assert clamped(a_call(CHAT | given, model="m"), 40).body == CHAT | cut


@pytest.mark.parametrize("endpoint", ["embeddings", "images/generations", "audio/speech", "x/y"])
def test_what_writes_no_text_is_left_as_it_is(endpoint) -> None:
    call = a_call({"input": "x"}, endpoint=endpoint)
    assert clamped(call, 40) is call


def test_every_endpoint_that_takes_a_maximum_can_be_cut() -> None:
    cut = {name for name in ENDPOINTS if clamped(a_call({}, endpoint=name), 40).body}
    assert cut == WITH_MAXIMUM - {"realtime"}  # which has messages


def test_clients_are_told_in_their_own_words() -> None:
    chat = clamped(a_call(CHAT, model="o3"), 40)
    assert name_for_client("responses", chat) == "max_output_tokens"
    assert name_for_client("messages", chat) == "max_tokens"


def test_messages_of_sockets() -> None:
    create = {"type": "response.create"}
    assert clamped_message(create, 40, is_realtime=True) == create | {
        "response": {"max_output_tokens": 40}
    }
    assert clamped_message(create, 40, is_realtime=False) == create | {"max_output_tokens": 40}
    endless = create | {"response": {"max_output_tokens": "inf", "instructions": "x"}}
    assert clamped_message(endless, 40, is_realtime=True) == create | {
        "response": {"max_output_tokens": 40, "instructions": "x"}
    }
    older = create | {"response": {"max_response_output_tokens": 50}}
    assert clamped_message(older, 40, is_realtime=True) == create | {
        "response": {"max_response_output_tokens": 40}
    }
    low = create | {"max_output_tokens": 9}
    assert clamped_message(low, 40, is_realtime=False) == low
