from __future__ import annotations

import json

import orjson
import pytest

from connections.calling.model_lists import normalise
from connections.errors import MidStreamError
from connections.providers.registry import adapter_for
from connections.request_extensions import DROPPED_EXTENSION, TRANSLATION_EXTENSION
from tests.connections.providers.translating import answer_of, events_of, response_to
from tests.support.builders import a_call, an_upstream
from tests.support.chunks import deltas

ROOT = "http://127.0.0.1:11434"
MODEL = "llama3.2:latest"
HI = [{"role": "user", "content": "why is the sky blue?"}]
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


def an_adapter(api_type: str = "native", base_url: str = ROOT):
    return adapter_for(an_upstream(provider="ollama", base_url=base_url, api_type=api_type))


def a_chat(messages: list = HI, **fields: object):
    return a_call({"model": "public", "messages": messages} | fields, model=MODEL)


@pytest.mark.parametrize("base_url", [ROOT, f"{ROOT}/v1", f"{ROOT}/api"])
def test_the_urls_are_those_of_the_api_spoken(base_url: str) -> None:
    plain, native = an_adapter("", base_url), an_adapter("native", base_url)
    assert plain.url("chat/completions", MODEL) == f"{ROOT}/v1/chat/completions"
    assert native.url("chat/completions", MODEL) == f"{ROOT}/api/chat"
    assert native.url("embeddings", MODEL) == f"{ROOT}/api/embed"
    assert native.url("completions", MODEL) == f"{ROOT}/v1/completions"
    assert plain.models_url() == native.models_url() == f"{ROOT}/api/tags"


def test_the_list_has_ids_names_and_details() -> None:
    entry = {"name": MODEL, "model": MODEL, "details": {"family": "llama"}}
    [model] = normalise(orjson.dumps({"models": [entry]}), an_adapter())
    assert (model["id"], model["name"], model["details"]) == (MODEL, MODEL, {"family": "llama"})


def test_chat_over_the_compatible_path_is_not_touched() -> None:
    call = a_chat(options={"num_ctx": 1})
    request = an_adapter("").request(call)
    assert orjson.loads(request.content) == call.body | {"model": MODEL}
    assert request.extensions[TRANSLATION_EXTENSION] is None


async def test_native_chats_are_translated_there_and_back() -> None:
    request = an_adapter().request(a_chat(logit_bias={"1": 1}))
    assert orjson.loads(request.content) == {"model": MODEL, "messages": HI, "stream": False}
    assert request.extensions[DROPPED_EXTENSION] == ("logit_bias",)
    completion = await answer_of(an_adapter(), a_chat(), ANSWER)
    assert (completion["id"], completion["object"]) == ("chatcmpl-req_1", "chat.completion")


def lines(*events: dict) -> bytes:
    return b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)


def line(**said: object) -> dict:
    return {"model": MODEL, "message": {"role": "assistant", "content": ""} | said, "done": False}


async def test_a_stream_of_lines_becomes_a_stream_of_events() -> None:
    stream = lines(line(content="The\u2028"), line(content=" sky"), ANSWER | {"message": {}})
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
    assert deltas(events)[1:] == [{"content": "The\u2028"}, {"content": " sky"}, {}]
    assert events[-1] == "[DONE]"


async def test_a_line_without_end_is_given_up(settings) -> None:
    settings.GATEWAY_MAX_SSE_LINE_BYTES = 1000
    with pytest.raises(MidStreamError, match="too long"):
        await events_of(an_adapter(), a_chat(stream=True), b"x" * 2000)


async def test_an_error_is_left_as_it_is() -> None:
    body = b'{"error": "model not found"}'
    assert await response_to(an_adapter(), a_chat(), body, status=404).read(99) == body


@pytest.mark.parametrize("state", [{"done": False}])
async def test_an_answer_that_has_not_ended_is_no_answer(state):
    with pytest.raises(MidStreamError, match="cannot be understood"):
        await answer_of(an_adapter(), a_chat(), ANSWER | state)


@pytest.mark.parametrize(
    ("fields", "embedding"), [({}, [0.5, -1.0]), ({"encoding_format": "base64"}, "AAAAPwAAgL8=")]
)
async def test_native_embeddings_are_translated_there_and_back(fields, embedding):
    call = a_call({"input": ["a"]} | fields, endpoint="embeddings", model=MODEL)
    request = an_adapter().request(call)
    assert orjson.loads(request.content) == {"model": MODEL, "input": ["a"]}
    answer = await answer_of(an_adapter(), call, {"model": MODEL, "embeddings": [[0.5, -1.0]]})
    assert answer["data"][0]["embedding"] == embedding
