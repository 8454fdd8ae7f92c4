"""A message, whole or as it is written, as a chat completion."""

from __future__ import annotations

import pytest

from tests.support.chunks import chunks_of, deltas, finish_reasons, usage_of
from wire_formats.messages.answer_to_chat import MessageTranslation

MODEL = "claude-sonnet-4-5"
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": MODEL,
    "content": [{"type": "text", "text": "Hello!"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 12, "output_tokens": 6},
}


def test_thoughts_and_calls_have_their_places() -> None:
    blocks = [
        {"type": "thinking", "thinking": "Let me look.", "signature": "x"},
        {"type": "text", "text": "I will look."},
        {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"location": "SF"}},
    ]
    answer = MESSAGE | {"content": blocks, "stop_reason": "tool_use"}
    choice = MessageTranslation().answer(answer)["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["reasoning_content"] == "Let me look."
    [call] = choice["message"]["tool_calls"]
    assert call["function"] == {"name": "get_weather", "arguments": '{"location":"SF"}'}


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("max_tokens", "length"), ("stop_sequence", "stop"), ("refusal", "content_filter")],
)
def test_stop_reasons(reason: str, expected: str) -> None:
    answer = MessageTranslation().answer(MESSAGE | {"stop_reason": reason})
    assert answer["choices"][0]["finish_reason"] == expected


def test_tokens_of_the_cache_are_part_of_the_prompt() -> None:
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 30,
        "cache_creation_input_tokens": 2,
        "output_tokens": 5,
    }
    counted = MessageTranslation().answer(MESSAGE | {"usage": usage})["usage"]
    assert (counted["prompt_tokens"], counted["total_tokens"]) == (42, 47)
    assert counted["prompt_tokens_details"] == {"cached_tokens": 30, "cache_write_tokens": 2}


START = {
    "type": "message_start",
    "message": MESSAGE
    | {"content": [], "stop_reason": None, "usage": {"input_tokens": 472, "output_tokens": 2}},
}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}


def block(index: int, content: dict, *written: dict) -> list[dict]:
    return [
        {"type": "content_block_start", "index": index, "content_block": content},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in written),
        {"type": "content_block_stop", "index": index},
    ]


def ending(reason: str = "end_turn") -> list[dict]:
    delta = {"stop_reason": reason, "stop_sequence": None}
    return [
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 89}},
        {"type": "message_stop"},
    ]


def written(kind: str, name: str, text: str) -> dict:
    return {"type": kind, name: text}


def test_a_stream_with_thoughts_text_and_a_call() -> None:
    translation = MessageTranslation()
    stream = (
        START,
        {"type": "ping"},
        *block(
            0, {"type": "thinking", "thinking": ""}, written("thinking_delta", "thinking", "Hm")
        ),
        *block(1, {"type": "text", "text": ""}, written("text_delta", "text", "Okay\u2028☃")),
        *block(
            2,
            CALL,
            written("input_json_delta", "partial_json", ""),
            written("input_json_delta", "partial_json", '{"location":'),
            written("input_json_delta", "partial_json", ' "SF"}'),
        ),
        *ending("tool_use"),
    )
    events = chunks_of(translation, *stream)
    assert deltas(events) == [
        {"role": "assistant", "content": ""},
        {"reasoning_content": "Hm"},
        {"content": "Okay\u2028☃"},
        {
            "tool_calls": [
                {
                    "index": 0,
                    "id": "toolu_1",
                    "type": "function",
                    "function": {"name": "get_weather", "arguments": ""},
                }
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"location":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ' "SF"}'}}]},
        {},
    ]
    assert finish_reasons(events) == ["tool_calls"]
    assert usage_of(events)["prompt_tokens"] == 472
    assert usage_of(events)["completion_tokens"] == 89
    assert translation.is_done


def test_calls_are_counted_and_have_arguments_in_any_case() -> None:
    translation = MessageTranslation()
    stream = (START, *block(0, CALL), *block(1, CALL | {"id": "toolu_2"}), *ending("tool_use"))
    events = chunks_of(translation, *stream)
    calls = [delta["tool_calls"][0] for delta in deltas(events) if "tool_calls" in delta]
    assert [call["index"] for call in calls] == [0, 0, 1, 1]
    assert [call["function"]["arguments"] for call in calls] == ["", "{}", "", "{}"]


def test_an_error_within_a_stream_is_an_error() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    events = chunks_of(MessageTranslation(), START, error)
    assert events[-1] == {
        "error": {"message": "Overloaded", "type": "overloaded_error", "code": 529}
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"type": "rate_limit_error", "message": "x"}, 429),
        ({"type": "api_error", "message": "x"}, None),
        ({"message": "x", "code": 400}, 400),
    ],
)
def test_an_error_in_a_successful_answer_has_its_status_as_code(
    error: dict, code: int | None
) -> None:
    told = MessageTranslation().error(error)
    assert told == {"message": "x", "type": error.get("type"), "code": code}


def test_an_error_that_is_a_text_is_left_as_it_is() -> None:
    assert MessageTranslation().error("x") == "x"


@pytest.mark.parametrize("state", [{"stop_reason": None}])
def test_an_answer_that_has_not_ended_is_no_answer(state):
    with pytest.raises(ValueError, match="not come to its end"):
        MessageTranslation().answer(MESSAGE | state)
