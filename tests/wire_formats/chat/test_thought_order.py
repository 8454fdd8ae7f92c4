from __future__ import annotations

from typing import Any

import pytest

from tests.wire_formats.messages.answer_to_chat.test_answer import (
    CALL,
    REDACTED,
    THINKING,
    events_for,
    message_of,
    put_together,
    streamed,
    whole,
)
from tests.wire_formats.messages.request_from_chat.test_history import HI, history, result

SECOND = THINKING | {"thinking": "More.", "signature": "sig2"}
THIRD = THINKING | {"thinking": "", "signature": "sig3"}
LATER = CALL | {"id": "toolu_2"}
TEXT = {"type": "text", "text": "I look. "}
ORDERS = {
    "before all": [THINKING, REDACTED, TEXT, CALL],
    "between words and a call": [THINKING, TEXT, SECOND, CALL],
    "between calls": [THINKING, CALL, SECOND, THIRD, LATER],
    "after words": [TEXT, THINKING, CALL],
    "everywhere": [THINKING, TEXT, SECOND, CALL, REDACTED, LATER],
}


@pytest.mark.parametrize("field", ["thinking_blocks", "reasoning_details"])
@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("blocks", ORDERS.values(), ids=ORDERS)
def test_an_answer_goes_back_in_its_order(
    blocks: list[dict[str, Any]], is_streamed: bool, field: str
) -> None:
    if is_streamed:
        message = put_together(streamed(events_for(*blocks, stop_reason="tool_use")))
    else:
        message = message_of(whole(*blocks, stop_reason="tool_use"))
    kept = {name: message[name] for name in ("role", "content", "tool_calls", field)}
    results = [result(call["id"]) for call in kept["tool_calls"]]

    made = history(HI, kept, *results)
    assert made.messages[1]["content"] == blocks


@pytest.mark.parametrize(
    "position", [None, 5, {}, {"characters": -1, "calls": 10**9}, {"characters": "a", "calls": 0}]
)
def test_places_that_make_no_sense_break_nothing(position: Any) -> None:
    block = THINKING | {"position": position}
    message = {"role": "assistant", "content": "Words.", "thinking_blocks": [block]}
    content = history(HI, message, HI).messages[1]["content"]

    assert content[-1] == {"type": "text", "text": "Words."}
