"""Answers of Ollama's own API, whole or line by line, as OpenAI writes them."""

from __future__ import annotations

import base64
import struct

import orjson
import pytest
from openai.types.chat import ChatCompletion

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


def answer_of(answer: dict) -> dict:
    return ChatTranslation("req_1").answer(answer)


def test_an_answer_becomes_a_completion() -> None:
    completion = answer_of(ANSWER)
    assert completion["id"] == "chatcmpl-req_1"
    assert completion["choices"][0]["message"]["content"] == "The sky"
    assert completion["choices"][0]["finish_reason"] == "stop"
    assert completion["usage"]["prompt_tokens"] == 26
    assert completion["usage"]["total_tokens"] == 285


def test_arguments_become_a_text_and_calls_get_ids() -> None:
    call = {"function": {"name": "get_weather", "arguments": {"city": "Tokyo"}}}
    said = {"role": "assistant", "content": "", "thinking": "Hm", "tool_calls": [call, call]}
    [choice] = answer_of(ANSWER | {"message": said})["choices"]
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


LOGPROB = {"token": "The", "logprob": -0.1, "top_logprobs": [{"token": "A", "logprob": -2.0}]}


def test_probabilities_are_told() -> None:
    completion = answer_of(ANSWER | {"logprobs": [LOGPROB]})
    ChatCompletion.model_validate_json(orjson.dumps(completion), strict=True)
    [told] = completion["choices"][0]["logprobs"]["content"]
    assert (told["token"], told["top_logprobs"][0]["token"]) == ("The", "A")
    stream = (line(content="The") | {"logprobs": [LOGPROB]}, ANSWER)
    _, chunk, *_ = chunks_of(ChatTranslation("req_1"), *stream)
    assert chunk["choices"][0]["logprobs"]["content"] == [told]


@pytest.mark.parametrize("arguments", ['{"city":"Tokyo"}', {"city": "Tokyo"}])
def test_arguments_may_be_a_text_already(arguments: object) -> None:
    call = {"id": "call_7", "function": {"index": 0, "name": "f", "arguments": arguments}}
    said = {"role": "assistant", "tool_calls": [call, {"odd": 1}, 5]}
    [choice] = (answer_of(ANSWER | {"message": said}))["choices"]
    [told] = choice["message"]["tool_calls"]
    assert (told["id"], told["function"]["arguments"]) == ("call_7", '{"city":"Tokyo"}')


def test_odd_lines_are_passed_over() -> None:
    stream = ({}, {"message": 5}, line(content=7, thinking=[]), {"odd": 1}, ANSWER)
    events = chunks_of(ChatTranslation("req_1"), *stream)
    assert deltas(events)[1:] == [{"content": "The sky"}, {}]
