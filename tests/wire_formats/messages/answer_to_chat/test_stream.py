"""The events of a message as chunks of a chat."""

from __future__ import annotations

import pytest

from tests.wire_formats.messages.answer_to_chat.test_answer import (
    CALL,
    REDACTED,
    THINKING,
    deltas,
    events_for,
    put_together,
    streamed,
)
from wire_formats.chat.reasoning import ANTHROPIC, Thought, thoughts_of
from wire_formats.json_types import JsonObject
from wire_formats.messages.answer_to_chat.answer import MessageTranslation


def test_a_stream_tells_pieces_and_then_the_whole_thought_once() -> None:
    chunks = streamed(events_for(THINKING, REDACTED, CALL, stop_reason="tool_use"))
    told = deltas(chunks)

    assert "".join(delta.get("reasoning_content", "") for delta in told) == "Hm, so."
    assert [delta["thinking_blocks"] for delta in told if "thinking_blocks" in delta] == [
        [THINKING | {"index": 0}],
        [REDACTED | {"index": 1}],
    ]
    assert [len(delta["reasoning_details"]) for delta in told if "reasoning_details" in delta] == [
        1,
        1,
    ]


def test_the_sdk_puts_thoughts_together_that_can_be_given_back() -> None:
    second = THINKING | {"thinking": "More.", "signature": "sig2"}
    message = put_together(streamed(events_for(THINKING, second, REDACTED, CALL)))

    for field in ("thinking_blocks", "reasoning_details"):
        assert thoughts_of({field: message[field]}) == [
            Thought(text="Hm, so.", signature="sig==", format=ANTHROPIC),
            Thought(text="More.", signature="sig2", format=ANTHROPIC),
            Thought(sealed="s3al", format=ANTHROPIC),
        ]
    assert message["tool_calls"][0]["function"]["arguments"] == '{"a": 1}'


@pytest.mark.parametrize("event", [{}, {"type": "of_next_year"}, {"type": "content_block_stop"}])
def test_events_that_are_not_known_tell_nothing(event: JsonObject) -> None:
    assert list(MessageTranslation().event(event)) == []


def test_a_later_zero_is_no_count() -> None:
    [usage] = [chunk["usage"] for chunk in streamed(events_for()) if not chunk["choices"]]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (472, 9)


def test_the_input_may_stand_where_a_call_starts() -> None:
    events = events_for(CALL)
    events = [e for e in events if e.get("delta", {}).get("type") != "input_json_delta"]
    events[1]["content_block"]["input"] = {"a": 1}
    assert put_together(streamed(events))["tool_calls"][0]["function"]["arguments"] == '{"a":1}'


def test_calls_are_counted_and_have_arguments_in_any_case() -> None:
    events = events_for(CALL, CALL | {"id": "toolu_2"}, stop_reason="tool_use")
    bare = [e for e in events if e.get("delta", {}).get("type") != "input_json_delta"]
    calls = [d["tool_calls"][0] for d in deltas(streamed(bare)) if "tool_calls" in d]
    assert [call["index"] for call in calls] == [0, 0, 1, 1]
    assert [call["function"]["arguments"] for call in calls] == ["", "{}", "", "{}"]
