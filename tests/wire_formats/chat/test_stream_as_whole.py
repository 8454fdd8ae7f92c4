"""A stream that nobody asked for is the answer that it tells of."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from wire_formats.chat.stream_as_whole import completion_in, is_stream
from wire_formats.chat.whole_as_stream import completion_events
from wire_formats.sse import DONE, encoded_event

SHARED = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "pipe"}


def stream_of(*deltas: dict[str, Any], finish_reason: str | None = "stop") -> bytes:
    parts = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    parts.append({"index": 0, "delta": {}, "finish_reason": finish_reason})
    return b"".join(encoded_event(SHARED | {"choices": [part]}) for part in parts)


def test_texts_are_joined_and_the_official_client_understands_the_whole() -> None:
    whole = completion_in(stream_of({"content": "Hel"}, {"content": "lo"}) + b"data: [DONE]")
    assert whole is not None
    completion = ChatCompletion.model_validate(whole, strict=False)
    assert completion.choices[0].message.content == "Hello"
    assert completion.choices[0].finish_reason == "stop"
    assert completion.object == "chat.completion"


def test_the_pieces_of_calls_are_joined_by_their_index() -> None:
    def piece(index: int, **call: Any) -> dict[str, Any]:
        return {"tool_calls": [{"index": index} | call]}

    whole = completion_in(
        stream_of(
            piece(0, id="a", type="function", function={"name": "f", "arguments": ""}),
            piece(1, id="b", type="function", function={"name": "g", "arguments": "{}"}),
            piece(0, function={"arguments": '{"x"'}),
            piece(0, function={"name": None, "arguments": ":1}"}),
            finish_reason="tool_calls",
        )
    )
    assert whole is not None
    assert whole["choices"][0]["message"]["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]


def test_usage_of_the_last_chunk_is_kept() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    last = encoded_event(SHARED | {"choices": [], "usage": usage})
    whole = completion_in(stream_of({"content": "Hi"}) + last + DONE)
    assert whole is not None
    assert whole["usage"] == usage


def test_a_completion_is_put_together_from_its_texts() -> None:
    parts = [{"index": 0, "text": text, "finish_reason": None} for text in ("Hel", "lo")]
    whole = completion_in(b"".join(encoded_event({"choices": [part]}) for part in parts) + DONE)
    assert whole is not None
    assert whole["choices"] == [
        {"index": 0, "text": "Hello", "logprobs": None, "finish_reason": "stop"}
    ]


def test_an_error_in_the_stream_is_the_answer() -> None:
    failure = {"error": {"message": "no"}}
    assert completion_in(stream_of({"content": "Hi"}) + encoded_event(failure)) == failure


@pytest.mark.parametrize(
    "body",
    [
        b"data: [DONE]\n\n",
        b"data: {}\n\n",
        b'data: {"choices": 7}\n\ndata: [DONE]\n\n',
        stream_of({"content": "Hi"}, finish_reason=None),
        b": nothing\n\n",
    ],
)
def test_what_is_no_whole_answer_is_none(body: bytes) -> None:
    assert completion_in(body) is None


def test_json_is_no_stream() -> None:
    assert not is_stream(b'  {"data": 1}')
    assert is_stream(b"\n\ndata: {}")


texts = st.text(max_size=20)
messages = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": texts},
    optional={"reasoning_content": texts.filter(bool), "refusal": texts.filter(bool)},
)


@given(st.lists(messages, min_size=1, max_size=3))
def test_an_answer_told_as_a_stream_is_put_together_again(said: list[dict[str, Any]]) -> None:
    choices = [
        {"index": place, "message": message, "logprobs": None, "finish_reason": "length"}
        for place, message in enumerate(said)
    ]
    answer = SHARED | {"object": "chat.completion", "choices": choices}
    assert completion_in(completion_events(answer)) == answer
