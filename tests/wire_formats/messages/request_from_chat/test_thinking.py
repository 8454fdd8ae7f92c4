from __future__ import annotations

from typing import Any

import pytest

from tests.wire_formats.messages.request_from_chat.test_request import (
    ALWAYS_THINKING,
    BY_DEFAULT,
    HI,
    OPUS,
    SONNET,
    WEATHER,
    lost,
    payload,
    sent,
)
from wire_formats.chat.reasoning import ANTHROPIC, Thought, reasoning_fields

CALL = {"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}
RESULT = {"role": "tool", "tool_call_id": "x", "content": "4"}
SIGNED = reasoning_fields([Thought(text="Hm", signature="sig", format=ANTHROPIC)])
TOOLS = [{"type": "function", "function": {"name": "f"}}]


def within_a_loop(model: str, **fields: Any) -> Any:
    messages = [*HI, {"role": "assistant", "tool_calls": [CALL]} | fields, RESULT]
    return payload(model, messages, tools=TOOLS, reasoning_effort="low")


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-opus-4-7", "claude-opus-5-5"])
def test_thinking_goes_on_within_a_loop_of_signed_thoughts(model: str) -> None:
    request = within_a_loop(model, **SIGNED)

    assert request.body["thinking"]["type"] in {"enabled", "adaptive"}
    assert request.body["messages"][1]["content"][0]["signature"] == "sig"
    assert request.dropped == ()


def test_older_families_cannot_go_on_without_their_thoughts() -> None:
    request = within_a_loop("claude-sonnet-4-5")

    assert "thinking" not in request.body
    assert request.dropped == ("reasoning_effort",)


def test_adaptive_families_can() -> None:
    assert within_a_loop("claude-opus-4-7").body["thinking"]["type"] == "adaptive"


def test_words_that_the_answer_goes_on_from_end_with_no_blank() -> None:
    messages = [*HI, {"role": "assistant", "content": "It is "}]
    request = payload("claude-sonnet-4-5", messages, reasoning_effort="low")

    assert request.body["messages"][-1]["content"] == [{"type": "text", "text": "It is"}]
    assert "thinking" not in request.body
    assert request.dropped == ("reasoning_effort",)


def test_families_that_take_no_beginning_are_asked_to_continue() -> None:
    request = payload("claude-opus-4-7", [*HI, {"role": "assistant", "content": "It is "}])

    assert request.body["messages"][-1]["role"] == "user"
    assert request.dropped == ("messages.prefill",)


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
