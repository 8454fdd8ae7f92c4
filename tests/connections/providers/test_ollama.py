from __future__ import annotations

import base64
import json
import struct

import orjson
import pytest
from openai.types.chat import ChatCompletion

from connections.calling.model_lists import normalise
from connections.errors import MidStreamError
from connections.providers.registry import adapter_for
from connections.request_extensions import DROPPED_EXTENSION, TRANSLATION_EXTENSION
from tests.connections.providers.translating import answer_of, events_of, response_to
from tests.support.builders import a_call, an_upstream
from tests.support.chunks import deltas, finish_reasons, usage_of
from wire_formats.errors import UnsendableError

ROOT = "http://127.0.0.1:11434"
MODEL = "llama3.2:latest"
HI = [{"role": "user", "content": "why is the sky blue?"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
STATISTICS = {"total_duration": 10706818083, "prompt_eval_count": 26, "eval_count": 259}
ANSWER = {
    "model": MODEL,
    "created_at": "2023-08-04T19:22:45.499127Z",
    "message": {"role": "assistant", "content": "The sky"},
    "done": True,
    "done_reason": "stop",
    **STATISTICS,
}


def an_adapter(api_type: str = "native", base_url: str = ROOT):
    return adapter_for(an_upstream(provider="ollama", base_url=base_url, api_type=api_type))


def a_chat(messages: list = HI, **fields: object):
    return a_call({"model": "public", "messages": messages} | fields, model=MODEL)


def sent(messages: list = HI, **fields: object) -> dict:
    return orjson.loads(an_adapter().request(a_chat(messages, **fields)).content)


def dropped(**fields: object) -> tuple[str, ...]:
    return an_adapter().request(a_chat(**fields)).extensions[DROPPED_EXTENSION]


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


REQUESTS = {
    "the smallest": ({}, {}),
    "stream": ({"stream": True, "stream_options": {"include_usage": True}}, {"stream": True}),
    "sampling": (
        {"temperature": 0.5, "top_p": 0.9, "seed": 0, "frequency_penalty": 1},
        {"options": {"temperature": 0.5, "top_p": 0.9, "seed": 0, "frequency_penalty": 1}},
    ),
    "limits": (
        {"max_completion_tokens": 5, "stop": "END"},
        {"options": {"stop": ["END"], "num_predict": 5}},
    ),
    "its own options": (
        {"temperature": 0.5, "options": {"num_ctx": 8192, "temperature": 1}},
        {"options": {"temperature": 1, "num_ctx": 8192}},
    ),
    "keep_alive": ({"keep_alive": "5m"}, {"keep_alive": "5m"}),
    "JSON": ({"response_format": {"type": "json_object"}}, {"format": "json"}),
    "a schema": (
        {"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "null"}}}},
        {"format": {"type": "null"}},
    ),
    "reasoning": ({"reasoning_effort": "high"}, {"think": "high"}),
    "reasoning as OpenRouter has it": ({"reasoning": {"effort": "low"}}, {"think": "low"}),
    "thinking in its own words": ({"think": True, "reasoning_effort": "low"}, {"think": True}),
    "probabilities": (
        {"logprobs": True, "top_logprobs": 2},
        {"logprobs": True, "top_logprobs": 2},
    ),
    "a format in its own words": ({"format": {"type": "null"}}, {"format": {"type": "null"}}),
    "tools written as for a response": (
        {"tools": [{"type": "function"} | TOOL["function"]]},
        {"tools": [TOOL]},
    ),
    "no reasoning": ({"reasoning_effort": "none"}, {"think": False}),
    "tools": ({"tools": [TOOL], "tool_choice": "auto"}, {"tools": [TOOL]}),
    "no tools": ({"tools": [TOOL], "tool_choice": "none"}, {}),
}


@pytest.mark.parametrize(("fields", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_parameters_are_said_in_ollamas_words(fields: dict, expected: dict) -> None:
    assert sent(**fields) == {"model": MODEL, "messages": HI, "stream": False} | expected
    assert dropped(**fields) == ()


@pytest.mark.parametrize(
    ("effort", "level"), [("minimal", "low"), ("xhigh", "high"), ("max", "high")]
)
@pytest.mark.parametrize("name", ["reasoning_effort", "think"])
def test_an_effort_without_a_word_becomes_the_nearest_and_is_told(
    name: str, effort: str, level: str
) -> None:
    assert sent(**{name: effort})["think"] == level
    assert dropped(**{name: effort}) == (name,)


def test_tools_that_are_no_functions_are_dropped_and_told() -> None:
    tools = [{"type": "custom", "custom": {"name": "x"}}, TOOL, 5]
    assert sent(tools=tools)["tools"] == [TOOL]
    assert dropped(tools=tools) == ("tools.0", "tools.2")
    assert "tools" not in sent(tools=tools[:1])


def test_what_ollama_does_not_know_is_dropped_and_told() -> None:
    assert dropped(logit_bias={"1": 1}, tool_choice="required", user="u", n=1) == (
        "logit_bias",
        "tool_choice",
        "user",
    )


@pytest.mark.parametrize(
    ("asked_for", "reported"),
    [
        ({"type": "text"}, ()),
        ({"type": "json_object"}, ()),
        ({"type": "grammar", "grammar": "x"}, ("response_format",)),
        ({"type": "json_schema", "json_schema": {"name": "x"}}, ("response_format",)),
    ],
)
def test_a_format_that_ollama_has_not_is_told(asked_for: dict, reported: tuple) -> None:
    assert dropped(response_format=asked_for) == reported


def test_images_are_bare_base64() -> None:
    parts = [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
    ]
    [message] = sent([{"role": "user", "content": parts}])["messages"]
    assert message == {"role": "user", "content": "What?", "images": ["iVBO"]}


def test_calls_of_tools_and_their_results() -> None:
    function = {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    call = {"id": "call_1", "type": "function", "function": function}
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "22°"},
    ]
    system, assistant, tool = sent(messages)["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    called = {"name": "get_weather", "arguments": {"city": "Paris"}}
    assert assistant["tool_calls"] == [{"id": "call_1", "function": called}]
    assert tool == {
        "role": "tool",
        "content": "22°",
        "tool_name": "get_weather",
        "tool_call_id": "call_1",
    }


def past(*messages: dict) -> list[dict]:
    """Ollama's messages for a conversation that goes on after ``messages``."""
    *told, last = sent([*messages, *HI])["messages"]
    assert last == HI[0]
    return told


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_content": "Hm"},
        {"reasoning": "Hm"},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm", "id": "rs_1"}]},
        {"thinking_blocks": [{"type": "thinking", "thinking": "Hm", "signature": "x"}]},
        {"content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hi"}]},
    ],
)
def test_thinking_goes_back_in_whatever_way_it_was_told(fields: dict) -> None:
    [told] = past({"role": "assistant", "content": "Hi"} | fields)
    assert told == {"role": "assistant", "content": "Hi", "thinking": "Hm"}
    request = an_adapter().request(a_chat([{"role": "assistant"} | fields, *HI]))
    assert request.extensions[DROPPED_EXTENSION] == ()


def test_sealed_thinking_is_left_out_and_named() -> None:
    sealed = {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}
    request = an_adapter().request(a_chat([{"role": "assistant", "content": "Hi"} | sealed, *HI]))
    assert "thinking" not in orjson.loads(request.content)["messages"][0]
    assert request.extensions[DROPPED_EXTENSION] == ("messages.reasoning_details",)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"city": "Oslo"}, {"city": "Oslo"}),
        ("", {}),
        (None, {}),
        ('{"city": ', {"arguments": '{"city": '}),
        ("[1]", {"arguments": [1]}),
    ],
)
def test_arguments_of_any_kind_become_an_object(arguments: object, told: dict) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    [said] = past({"role": "assistant", "content": None, "tool_calls": [call]})
    assert said["tool_calls"][0]["function"]["arguments"] == told


def test_what_the_past_cannot_hold_is_left_out_and_named() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x/y.png"}}
    messages = [
        {"role": "user", "content": [image, {"type": "text", "text": "See"}], "name": "bob"},
        {"role": "assistant", "content": None, "refusal": "No.", "tool_calls": [{"id": "x"}]},
        {"role": "function", "name": "f", "content": {"a": 1}},
        *HI,
    ]
    request = an_adapter().request(a_chat(messages))
    told = orjson.loads(request.content)["messages"]
    assert [each["content"] for each in told] == ["See", "No.", '{"a":1}', HI[0]["content"]]
    assert told[2]["tool_name"] == "f"
    assert request.extensions[DROPPED_EXTENSION] == (
        "messages.content",
        "messages.name",
        "messages.tool_calls",
    )


@pytest.mark.parametrize(
    "part", [{"type": "input_audio"}, {"type": "image_url", "image_url": "https://x"}]
)
def test_what_ollama_cannot_be_given_is_refused(part: dict) -> None:
    with pytest.raises(UnsendableError):
        sent([{"role": "user", "content": [part]}])


async def test_an_answer_becomes_a_completion() -> None:
    completion = await answer_of(an_adapter(), a_chat(), ANSWER)
    assert completion["id"] == "chatcmpl-req_1"
    assert completion["choices"][0]["message"]["content"] == "The sky"
    assert completion["choices"][0]["finish_reason"] == "stop"
    assert completion["usage"]["prompt_tokens"] == 26
    assert completion["usage"]["total_tokens"] == 285


async def test_arguments_become_a_text_and_calls_get_ids() -> None:
    call = {"function": {"name": "get_weather", "arguments": {"city": "Tokyo"}}}
    said = {"role": "assistant", "content": "", "thinking": "Hm", "tool_calls": [call, call]}
    [choice] = (await answer_of(an_adapter(), a_chat(), ANSWER | {"message": said}))["choices"]
    assert choice["finish_reason"] == "tool_calls"
    first, second = choice["message"]["tool_calls"]
    assert first["function"]["arguments"] == '{"city":"Tokyo"}'
    assert first["id"] != second["id"]
    assert choice["message"]["reasoning_content"] == "Hm"


LOGPROB = {"token": "The", "logprob": -0.1, "top_logprobs": [{"token": "A", "logprob": -2.0}]}


async def test_probabilities_are_told() -> None:
    completion = await answer_of(an_adapter(), a_chat(), ANSWER | {"logprobs": [LOGPROB]})
    ChatCompletion.model_validate_json(orjson.dumps(completion), strict=True)
    [told] = completion["choices"][0]["logprobs"]["content"]
    assert (told["token"], told["top_logprobs"][0]["token"]) == ("The", "A")
    stream = lines(line(content="The") | {"logprobs": [LOGPROB]}, ANSWER)
    _, chunk, *_ = await events_of(an_adapter(), a_chat(stream=True), stream)
    assert chunk["choices"][0]["logprobs"]["content"] == [told]


@pytest.mark.parametrize("arguments", ['{"city":"Tokyo"}', {"city": "Tokyo"}])
async def test_arguments_may_be_a_text_already(arguments: object) -> None:
    call = {"id": "call_7", "function": {"index": 0, "name": "f", "arguments": arguments}}
    said = {"role": "assistant", "tool_calls": [call, {"odd": 1}, 5]}
    [choice] = (await answer_of(an_adapter(), a_chat(), ANSWER | {"message": said}))["choices"]
    [told] = choice["message"]["tool_calls"]
    assert (told["id"], told["function"]["arguments"]) == ("call_7", '{"city":"Tokyo"}')


async def test_odd_lines_are_passed_over() -> None:
    stream = lines({}, {"message": 5}, line(content=7, thinking=[]), {"odd": 1}, ANSWER)
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
    assert deltas(events)[1:] == [{"content": "The sky"}, {}]


def lines(*events: dict) -> bytes:
    return b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)


def line(**said: object) -> dict:
    return {"model": MODEL, "message": {"role": "assistant", "content": ""} | said, "done": False}


async def test_a_stream_of_lines_becomes_a_stream_of_events() -> None:
    call = {"function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}
    stream = lines(
        line(thinking="Hm"),
        line(content="The\u2028"),
        line(content=" sky"),
        line(tool_calls=[call]),
        ANSWER | {"message": {"role": "assistant", "content": ""}},
    )
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
    first, thought, *texts, called, last = deltas(events)
    assert (first["role"], thought) == ("assistant", {"reasoning_content": "Hm"})
    assert texts == [{"content": "The\u2028"}, {"content": " sky"}]
    assert called["tool_calls"][0]["index"] == 0
    assert called["tool_calls"][0]["function"]["arguments"] == '{"city":"Oslo"}'
    assert (last, finish_reasons(events)) == ({}, ["tool_calls"])
    assert usage_of(events)["completion_tokens"] == 259
    assert events[-1] == "[DONE]"


async def test_a_stream_without_a_last_line_end_is_whole() -> None:
    events = await events_of(an_adapter(), a_chat(stream=True), lines(ANSWER)[:-1])
    assert events[-1] == "[DONE]"


async def test_an_error_within_a_stream_is_an_error() -> None:
    stream = lines(line(content="The"), {"error": "llama runner process has terminated"})
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
    assert events[-1] == {"error": {"message": "llama runner process has terminated"}}


async def test_a_stream_cut_short_is_not_called_done() -> None:
    stream = lines(line(content="The"), ANSWER)[:-30]
    assert "[DONE]" not in await events_of(an_adapter(), a_chat(stream=True), stream)


async def test_a_line_that_is_no_object_is_the_upstreams_fault() -> None:
    with pytest.raises(MidStreamError):
        await events_of(an_adapter(), a_chat(stream=True), b"<html>\n")


async def test_a_line_without_end_is_given_up(settings) -> None:
    settings.GATEWAY_MAX_SSE_LINE_BYTES = 1000
    with pytest.raises(MidStreamError, match="too long"):
        await events_of(an_adapter(), a_chat(stream=True), b"x" * 2000)


def an_embedding(value: object = "Why?", **fields: object):
    return a_call({"input": value} | fields, endpoint="embeddings", model=MODEL)


async def test_embeddings_come_as_numbers_or_base64() -> None:
    answer = {"model": MODEL, "embeddings": [[0.5, -1.0], [2.0, 0.25]], "prompt_eval_count": 8}
    plain = await answer_of(an_adapter(), an_embedding(["a", "b"]), answer)
    assert [each["embedding"] for each in plain["data"]] == answer["embeddings"]
    assert plain["usage"] == {"prompt_tokens": 8, "total_tokens": 8}
    packed = await answer_of(an_adapter(), an_embedding(encoding_format="base64"), answer)
    assert struct.unpack("<2f", base64.b64decode(packed["data"][1]["embedding"])) == (2.0, 0.25)


def test_an_embedding_is_asked_for_in_ollamas_words() -> None:
    request = an_adapter().request(an_embedding(["a"], dimensions=64, user="u"))
    assert orjson.loads(request.content) == {"model": MODEL, "input": ["a"], "dimensions": 64}
    assert request.extensions[DROPPED_EXTENSION] == ("user",)
    with pytest.raises(UnsendableError):
        an_adapter().request(an_embedding([1, 2]))


async def test_an_error_is_left_as_it_is() -> None:
    body = b'{"error": "model not found"}'
    assert await response_to(an_adapter(), a_chat(), body, status=404).read(99) == body


@pytest.mark.parametrize("state", [{"done": False}])
async def test_an_answer_that_has_not_ended_is_no_answer(state):
    with pytest.raises(MidStreamError, match="cannot be understood"):
        await answer_of(an_adapter(), a_chat(), ANSWER | state)
