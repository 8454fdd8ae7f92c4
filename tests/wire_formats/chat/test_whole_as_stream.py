"""A client that asked for a stream gets one, even of an upstream that does not stream."""

from __future__ import annotations

import orjson
import pytest

from wire_formats.chat.whole_as_stream import completion_events
from wire_formats.sse import DONE, data_of, split_events

CALLS = [
    {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
    {"id": "call_2", "type": "function", "function": {"name": "g", "arguments": "[]"}},
]
MESSAGE = {"role": "assistant", "content": "Hello", "reasoning_content": "hm", "refusal": None}
USAGE = {"prompt_tokens": 3, "completion_tokens": 2}


def an_answer(message: dict, **fields: object) -> dict:
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    shared = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m"}
    return {**shared, "choices": [choice], "usage": USAGE, **fields}


def chunks_of(answer: dict) -> list[dict]:
    *events, last = split_events(completion_events(answer))
    assert last == DONE
    return [orjson.loads(data_of(event)) for event in events]


def deltas(chunks: list[dict]) -> list[dict]:
    return [choice["delta"] for chunk in chunks for choice in chunk["choices"]]


def test_a_chat_is_told_in_order() -> None:
    chunks = chunks_of(an_answer(MESSAGE))
    told = {"reasoning_content": "hm", "content": "Hello"}
    assert deltas(chunks) == [{"role": "assistant"}, told, {}]
    *told_apart, _ = chunks
    assert [c["choices"][0]["finish_reason"] for c in told_apart] == [None, None, "stop"]
    assert {(c["id"], c["object"], c["model"]) for c in chunks} == {
        ("c1", "chat.completion.chunk", "m")
    }


def test_calls_of_tools_are_numbered() -> None:
    message = {"role": "assistant", "content": None, "tool_calls": CALLS}
    [_, told, _] = deltas(chunks_of(an_answer(message)))
    assert told == {"tool_calls": [{"index": i} | call for i, call in enumerate(CALLS)]}


def test_an_upstream_that_gives_no_reason_has_stopped() -> None:
    answer = an_answer(MESSAGE)
    answer["choices"][0]["finish_reason"] = None
    assert chunks_of(answer)[-2]["choices"][0]["finish_reason"] == "stop"


def test_a_completion_is_one_chunk() -> None:
    choice = {"index": 0, "text": "Hello", "finish_reason": "length"}
    [chunk] = chunks_of({"object": "text_completion", "choices": [choice]})
    assert chunk["choices"] == [choice | {"logprobs": None}]


def test_the_usage_comes_last_and_by_itself() -> None:
    *_, last = chunks_of(an_answer(MESSAGE))
    assert (last["choices"], last["usage"]) == ([], USAGE)


@pytest.mark.parametrize(
    "answer", [{}, {"choices": []}, {"choices": [{}]}, {"choices": [1]}, {"choices": 1}]
)
def test_an_object_that_is_no_answer_is_not_told(answer: dict) -> None:
    assert completion_events(answer) == b""
