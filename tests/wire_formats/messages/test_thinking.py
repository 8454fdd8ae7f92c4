from __future__ import annotations

from typing import Any

import pytest

from tests.wire_formats.messages.test_request_from_chat import HI, payload
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
