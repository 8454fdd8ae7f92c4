"""Answers of Ollama's own API, whole or line by line, as OpenAI writes them."""

from __future__ import annotations

import base64
import struct

import pytest

from tests.support.chunks import chunks_of, deltas, finish_reasons, usage_of
from wire_formats.ollama.answer_to_chat import ChatTranslation, EmbeddingTranslation

MODEL = "llama3.2:latest"
ANSWER = {
    "model": MODEL,
    "created_at": "2023-08-04T19:22:45.499127Z",
    "message": {"role": "assistant", "content": "The sky"},
    "done": True,
    "done_reason": "stop",
    "total_duration": 10706818083,
    "prompt_eval_count": 26,
    "eval_count": 259,
}


def test_arguments_become_a_text_and_calls_get_ids() -> None:
    call = {"function": {"name": "get_weather", "arguments": {"city": "Tokyo"}}}
    said = {"role": "assistant", "content": "", "thinking": "Hm", "tool_calls": [call, call]}
    [choice] = ChatTranslation("req_1").answer(ANSWER | {"message": said})["choices"]
    assert choice["finish_reason"] == "tool_calls"
    first, second = choice["message"]["tool_calls"]
    assert first["function"]["arguments"] == '{"city":"Tokyo"}'
    assert first["id"] != second["id"]
    assert choice["message"]["reasoning_content"] == "Hm"


def line(**said: object) -> dict:
    return {"model": MODEL, "message": {"role": "assistant", "content": ""} | said, "done": False}


def test_a_stream_of_lines_becomes_a_stream_of_events() -> None:
    call = {"function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}
    translation = ChatTranslation("req_1")
    stream = (
        line(thinking="Hm"),
        line(content="The\u2028"),
        line(content=" sky"),
        line(tool_calls=[call]),
        ANSWER | {"message": {"role": "assistant", "content": ""}},
    )
    events = chunks_of(translation, *stream)
    first, thought, *texts, called, last = deltas(events)
    assert (first["role"], thought) == ("assistant", {"reasoning_content": "Hm"})
    assert texts == [{"content": "The\u2028"}, {"content": " sky"}]
    assert called["tool_calls"][0]["index"] == 0
    assert called["tool_calls"][0]["function"]["arguments"] == '{"city":"Oslo"}'
    assert (last, finish_reasons(events)) == ({}, ["tool_calls"])
    assert usage_of(events)["completion_tokens"] == 259
    assert translation.is_done


def test_an_error_within_a_stream_is_an_error() -> None:
    stream = (line(content="The"), {"error": "llama runner process has terminated"})
    events = chunks_of(ChatTranslation("req_1"), *stream)
    assert events[-1] == {"error": {"message": "llama runner process has terminated"}}


def test_embeddings_come_as_numbers_or_base64() -> None:
    answer = {"model": MODEL, "embeddings": [[0.5, -1.0], [2.0, 0.25]], "prompt_eval_count": 8}
    plain = EmbeddingTranslation(is_base64=False).answer(answer)
    assert [each["embedding"] for each in plain["data"]] == answer["embeddings"]
    assert plain["usage"] == {"prompt_tokens": 8, "total_tokens": 8}
    packed = EmbeddingTranslation(is_base64=True).answer(answer)
    assert struct.unpack("<2f", base64.b64decode(packed["data"][1]["embedding"])) == (2.0, 0.25)


@pytest.mark.parametrize("state", [{"done": False}])
def test_an_answer_that_has_not_ended_is_no_answer(state):
    with pytest.raises(ValueError, match="not come to its end"):
        ChatTranslation("req_1").answer(ANSWER | state)
