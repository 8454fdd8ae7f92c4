"""A response, whole or as it is written, as a chat completion."""

from __future__ import annotations

import pytest

from tests.support.chunks import chunks_of, deltas, finish_reasons, usage_of
from wire_formats.responses.answer_to_chat.answer import ResponseTranslation

USAGE = {
    "input_tokens": 36,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 87,
    "output_tokens_details": {"reasoning_tokens": 16},
    "total_tokens": 123,
}
TEXT = {"type": "output_text", "text": "Hello!", "annotations": []}
MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "content": [TEXT]}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1741476542,
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "model": "gpt-5",
    "output": [MESSAGE],
    "usage": USAGE,
}
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "get_weather",
    "arguments": '{"city":"Oslo"}',
}


def test_a_response_becomes_a_completion() -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]}
    answer = RESPONSE | {"output": [thought, MESSAGE, CALL]}
    completion = ResponseTranslation().answer(answer)
    [choice] = completion["choices"]
    assert (completion["id"], completion["created"]) == ("resp_1", 1741476542)
    assert choice["message"]["content"] == "Hello!"
    assert choice["message"]["reasoning_content"] == "Hm"
    assert choice["message"]["tool_calls"][0]["id"] == "call_1"
    assert choice["finish_reason"] == "tool_calls"
    assert completion["usage"]["prompt_tokens_details"] == {"cached_tokens": 4}
    assert completion["usage"]["completion_tokens_details"] == {"reasoning_tokens": 16}


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("max_output_tokens", "length"), ("content_filter", "content_filter")],
)
def test_an_incomplete_response_says_why(reason: str, expected: str) -> None:
    answer = RESPONSE | {"status": "incomplete", "incomplete_details": {"reason": reason}}
    completion = ResponseTranslation().answer(answer)
    assert completion["choices"][0]["finish_reason"] == expected


def event(kind: str, **fields: object) -> dict:
    return {"type": f"response.{kind}", **fields}


CREATED = event("created", response=RESPONSE | {"status": "in_progress", "output": []})


def test_a_stream_with_text_and_a_call() -> None:
    translation = ResponseTranslation()
    stream = (
        CREATED,
        event("output_item.added", output_index=0, item=MESSAGE),
        event("output_text.delta", output_index=0, delta="Hel\u2028"),
        event("output_text.delta", output_index=0, delta="lo"),
        event("output_item.done", output_index=0, item=MESSAGE),
        event("output_item.added", output_index=1, item=CALL | {"arguments": ""}),
        event("function_call_arguments.delta", output_index=1, delta='{"city"'),
        event("function_call_arguments.delta", output_index=1, delta=':"Oslo"}'),
        event("output_item.done", output_index=1, item=CALL),
        event("completed", response=RESPONSE),
    )
    events = chunks_of(translation, *stream)
    first, *texts, called, one, two, last = deltas(events)
    assert first["role"] == "assistant"
    assert texts == [{"content": "Hel\u2028"}, {"content": "lo"}]
    assert called["tool_calls"][0]["id"] == "call_1"
    arguments = [each["tool_calls"][0]["function"]["arguments"] for each in (one, two)]
    assert "".join(arguments) == CALL["arguments"]
    assert (last, finish_reasons(events)) == ({}, ["tool_calls"])
    assert usage_of(events)["total_tokens"] == 123
    assert translation.is_done


@pytest.mark.parametrize(
    "failure",
    [
        event("failed", response={"error": {"code": "server_error", "message": "Boom"}}),
        {"type": "error", "code": "server_error", "message": "Boom", "param": None},
    ],
)
def test_an_error_within_a_stream_is_an_error(failure: dict) -> None:
    translation = ResponseTranslation()
    events = chunks_of(translation, CREATED, failure)
    assert events[-1]["error"]["message"] == "Boom"
    assert not translation.is_done


@pytest.mark.parametrize(
    "state", [{"status": "in_progress"}, {"status": "cancelled"}, {"status": "failed"}]
)
def test_an_answer_that_has_not_ended_is_no_answer(state):
    with pytest.raises(ValueError, match="not come to its end"):
        ResponseTranslation().answer(RESPONSE | state)
