"""A client that asked for the stream of a message gets one, even if it comes in one piece."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.support.stream_events import parsed
from wire_formats.messages.whole_as_stream import message_events

MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [],
    "stop_reason": "stop_sequence",
    "stop_sequence": "END",
    "usage": {"input_tokens": 9, "cache_read_input_tokens": 4, "output_tokens": 2},
}


def of_block(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """How a block starts, and its deltas."""
    first, start, *deltas, stop, _, _ = parsed(message_events(MESSAGE | {"content": [block]}))
    assert first["type"] == "message_start"
    assert stop == {"type": "content_block_stop", "index": 0}
    assert {(delta["type"], delta["index"]) for delta in deltas} <= {("content_block_delta", 0)}
    return start["content_block"], [delta["delta"] for delta in deltas]


def test_a_message_is_told_in_order() -> None:
    text = {"type": "text", "text": "Bonjour"}
    events = parsed(message_events(MESSAGE | {"content": [text, text]}))
    block = ["content_block_start", "content_block_delta", "content_block_stop"]
    ending = ["message_delta", "message_stop"]
    assert [event["type"] for event in events] == ["message_start", *block, *block, *ending]
    assert [event["index"] for event in events if "index" in event] == [0, 0, 0, 1, 1, 1]


def test_the_end_is_not_told_at_the_start() -> None:
    start, end, _ = parsed(message_events(MESSAGE | {"stop_details": {"type": "refusal"}}))
    usage = MESSAGE["usage"] | {"output_tokens": 0}
    ending = {"stop_reason": None, "stop_sequence": None, "stop_details": None}
    assert start["message"] == MESSAGE | ending | {"usage": usage}
    assert end["usage"] == MESSAGE["usage"]
    assert end["delta"] == {
        "stop_reason": "stop_sequence",
        "stop_sequence": "END",
        "stop_details": {"type": "refusal"},
    }


def test_text_and_what_it_cites() -> None:
    cited = {"type": "char_location", "cited_text": "Hi"}
    start, deltas = of_block({"type": "text", "text": "Hi", "citations": [cited]})
    assert start == {"type": "text", "text": "", "citations": []}
    assert deltas == [
        {"type": "text_delta", "text": "Hi"},
        {"type": "citations_delta", "citation": cited},
    ]


def test_a_text_that_cites_nothing() -> None:
    start, deltas = of_block({"type": "text", "text": "Hi", "citations": None})
    assert start == {"type": "text", "text": "", "citations": None}
    assert deltas == [{"type": "text_delta", "text": "Hi"}]


def test_thinking_and_its_signature() -> None:
    start, deltas = of_block({"type": "thinking", "thinking": "hm", "signature": "c2ln"})
    assert start == {"type": "thinking", "thinking": "", "signature": ""}
    assert deltas == [
        {"type": "thinking_delta", "thinking": "hm"},
        {"type": "signature_delta", "signature": "c2ln"},
    ]


@pytest.mark.parametrize("kind", ["tool_use", "server_tool_use", "mcp_tool_use"])
def test_the_input_of_a_tool_is_json(kind: str) -> None:
    call = {"type": kind, "id": "toolu_1", "name": "f", "input": {"city": "Paris"}}
    start, [delta] = of_block(call)
    assert start == call | {"input": {}}
    assert delta["type"] == "input_json_delta"
    assert orjson.loads(delta["partial_json"]) == {"city": "Paris"}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "redacted_thinking", "data": "x"},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
        {"type": "text", "text": None},
        {"type": "tool_use", "input": "{}"},
        {"type": {}},
        {},
    ],
)
def test_other_blocks_are_told_as_they_are(block: dict[str, Any]) -> None:
    assert of_block(block) == (block, [])


@pytest.mark.parametrize("text", ["text", "thinking"])
def test_no_delta_is_empty(text: str) -> None:
    assert of_block({"type": text, text: ""})[1] == []


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"type": "message"},
        MESSAGE | {"content": [1]},
        MESSAGE | {"type": "completion"},
        MESSAGE | {"stop_reason": None},
    ],
)
def test_an_object_that_is_no_message_is_not_told(answer: dict[str, Any]) -> None:
    assert message_events(answer) == b""


def test_a_message_without_counts_tells_none_at_its_end() -> None:
    answer = {name: value for name, value in MESSAGE.items() if name != "usage"}
    *_, end, _ = parsed(message_events(answer))
    assert end["usage"] == {}
