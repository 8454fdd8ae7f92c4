from __future__ import annotations

from dataclasses import replace

import httpx
import orjson
import pytest

from connections.auth.registry import strategy_for
from connections.calling.client import UpstreamClient
from connections.calling.open_connection import OpenConnection
from connections.errors import MidStreamError
from connections.providers.registry import adapter_for
from connections.request_extensions import DROPPED_EXTENSION, TRANSLATION_EXTENSION
from tests.connections.providers.translating import answer_of, events_of, response_to, sse
from tests.support.builders import SECRET, a_call, an_upstream
from tests.support.chunks import deltas, finish_reasons, usage_of
from wire_formats.errors import UnsendableError

MODEL = "claude-sonnet-4-5"
WEATHER = {
    "name": "get_weather",
    "description": "Get the current weather in a given location",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}},
}
TOOL = {"type": "function", "function": WEATHER}
ANTHROPIC_TOOL = {
    "name": "get_weather",
    "description": WEATHER["description"],
    "input_schema": WEATHER["parameters"],
}
HI = [{"role": "user", "content": "Hi"}]
ANTHROPIC_HI = [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]
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


def an_adapter(**fields: object):
    defaults = {"provider": "anthropic", "base_url": "https://api.anthropic.com/v1"}
    return adapter_for(an_upstream(**(defaults | fields)))


def a_chat(messages: list = HI, **fields: object):
    return a_call({"model": "public", "messages": messages} | fields, model=MODEL)


def sent(messages: list = HI, **fields: object) -> dict:
    return orjson.loads(an_adapter().request(a_chat(messages, **fields)).content)


def dropped(**fields: object) -> tuple[str, ...]:
    return an_adapter().request(a_chat(**fields)).extensions[DROPPED_EXTENSION]


@pytest.mark.parametrize("base_url", ["https://api.anthropic.com", "https://api.anthropic.com/v1"])
def test_the_urls_hold_one_version(base_url: str) -> None:
    adapter = an_adapter(base_url=base_url)
    assert adapter.url("chat/completions", MODEL) == "https://api.anthropic.com/v1/messages"
    assert adapter.models_url() == "https://api.anthropic.com/v1/models?limit=1000"


def test_the_version_is_a_header_an_admin_may_replace() -> None:
    assert an_adapter().request(a_chat()).headers["anthropic-version"] == "2023-06-01"
    own = an_adapter(headers=(("Anthropic-Version", "2099-01-01"),))
    assert own.request(a_chat()).headers.get_list("anthropic-version") == ["2099-01-01"]


async def test_the_key_goes_into_its_own_header() -> None:
    upstream = an_upstream(provider="anthropic")
    flow = strategy_for(upstream).async_auth_flow(httpx.Request("POST", "https://one.example"))
    signed = await anext(flow)
    await flow.aclose()
    assert signed.headers["x-api-key"] == SECRET
    assert "authorization" not in signed.headers


REQUESTS = {
    "the smallest": ({}, {"max_tokens": 64_000}),
    "max_tokens": ({"max_tokens": 7}, {"max_tokens": 7}),
    "max_completion_tokens": ({"max_completion_tokens": 8}, {"max_tokens": 8}),
    "stream": ({"stream": True, "stream_options": {}}, {"max_tokens": 64_000, "stream": True}),
    "temperature": ({"temperature": 0.5}, {"max_tokens": 64_000, "temperature": 0.5}),
    "a temperature past the end": ({"temperature": 1.7}, {"max_tokens": 64_000, "temperature": 1}),
    "top_p": ({"top_p": 0.9}, {"max_tokens": 64_000, "top_p": 0.9}),
    "a stop": ({"stop": "END"}, {"max_tokens": 64_000, "stop_sequences": ["END"]}),
    "stops": ({"stop": ["a", "b"]}, {"max_tokens": 64_000, "stop_sequences": ["a", "b"]}),
    "user": ({"user": "u-1"}, {"max_tokens": 64_000, "metadata": {"user_id": "u-1"}}),
    "nulls": ({"temperature": None, "stop": None, "tools": None}, {"max_tokens": 64_000}),
    "tools": ({"tools": [TOOL]}, {"max_tokens": 64_000, "tools": [ANTHROPIC_TOOL]}),
    "a schema": (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}},
        {"max_tokens": 64_000, "output_config": {"format": {"type": "json_schema", "schema": {}}}},
    ),
    "little reasoning": (
        {"reasoning_effort": "low"},
        {"max_tokens": 64_000, "thinking": {"type": "enabled", "budget_tokens": 1024}},
    ),
    "reasoning below the client's limit": (
        {"reasoning_effort": "high", "max_tokens": 2000, "temperature": 0.2},
        {"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1999}},
    ),
    "no room to reason": ({"reasoning_effort": "high", "max_tokens": 500}, {"max_tokens": 500}),
}


@pytest.mark.parametrize(("fields", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_parameters_are_said_in_anthropics_words(fields: dict, expected: dict) -> None:
    assert sent(**fields) == {"model": MODEL, "messages": ANTHROPIC_HI} | expected


CHOICES = {
    "auto": ("auto", None, {"type": "auto"}),
    "none": ("none", None, {"type": "none"}),
    "required": ("required", None, {"type": "any"}),
    "by name": (
        {"type": "function", "function": {"name": "get_weather"}},
        None,
        {"type": "tool", "name": "get_weather"},
    ),
    "one at a time": (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
    "required, one at a time": (
        "required",
        False,
        {"type": "any", "disable_parallel_tool_use": True},
    ),
    "none, one at a time": ("none", False, {"type": "none"}),
}


@pytest.mark.parametrize(("choice", "parallel", "expected"), CHOICES.values(), ids=CHOICES)
def test_tool_choices(choice: object, parallel: bool | None, expected: dict) -> None:
    request = sent(tools=[TOOL], tool_choice=choice, parallel_tool_calls=parallel)
    assert request["tool_choice"] == expected


def test_system_messages_stand_apart() -> None:
    request = sent(
        [
            {"role": "system", "content": "Be brief."},
            *HI,
            {"role": "developer", "content": [{"type": "text", "text": "In verse."}]},
        ]
    )
    assert [block["text"] for block in request["system"]] == ["Be brief.", "In verse."]
    assert request["messages"] == ANTHROPIC_HI


def test_images_are_given_by_url_or_as_base64() -> None:
    parts = [
        {"type": "text", "text": "What is this?", "cache_control": {"type": "ephemeral"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}},
    ]
    text, inline, linked = sent([{"role": "user", "content": parts}])["messages"][0]["content"]
    assert text["cache_control"] == {"type": "ephemeral"}
    source = {"type": "base64", "media_type": "image/png", "data": "iVBO"}
    assert inline == {"type": "image", "source": source}
    assert linked["source"] == {"type": "url", "url": "https://example.com/a.jpg"}


def test_results_of_tools_stand_together_in_one_message() -> None:
    calls = [
        {
            "id": f"toolu_{n}",
            "type": "function",
            "function": {"name": "f", "arguments": f'{{"n":{n}}}'},
        }
        for n in (1, 2)
    ]
    results = [{"role": "tool", "tool_call_id": f"toolu_{n}", "content": f"{n}°"} for n in (1, 2)]
    thanks = {"role": "user", "content": "And now?"}
    assistant, user = sent(
        [*HI, {"role": "assistant", "content": None, "tool_calls": calls}, *results, thanks]
    )["messages"][1:]
    assert assistant["content"][1] == {
        "type": "tool_use",
        "id": "toolu_2",
        "name": "f",
        "input": {"n": 2},
    }
    assert [block["type"] for block in user["content"]] == ["tool_result", "tool_result", "text"]
    assert user["content"][0]["tool_use_id"] == "toolu_1"


def test_what_anthropic_does_not_know_is_dropped_and_told() -> None:
    fields = {"seed": 0, "logit_bias": {"1": 2}, "n": 2, "top_logprobs": 1}
    assert dropped(**fields) == ("seed", "logit_bias", "n", "top_logprobs")


def test_what_makes_no_difference_is_not_told() -> None:
    fields = {"n": 1, "presence_penalty": 0, "logprobs": False, "seed": None, "metadata": {}}
    words = {"response_format": {"type": "text"}, "reasoning_effort": "none"}
    assert dropped(**fields, **words) == ()


def test_reasoning_that_cannot_be_is_told() -> None:
    assert dropped(reasoning_effort="high", max_tokens=500) == ("reasoning_effort",)
    assert dropped(reasoning_effort="high", temperature=0.2) == ("temperature",)


REFUSED = {
    "audio": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}],
    "a part that is a text": [{"role": "user", "content": ["Hi"]}],
    "a message that is a text": ["Hi"],
    "a role nobody knows": [{"role": "narrator", "content": "Hi"}],
    "a data URL in clear": [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,a"}}]}
    ],
}


@pytest.mark.parametrize("messages", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_translated_is_refused(messages: list) -> None:
    with pytest.raises(UnsendableError):
        sent(messages)


def test_betas_of_a_chat_stand_beside_those_of_an_admin() -> None:
    chat = a_chat(betas=["a-1", "b-2"])
    assert an_adapter().request(chat).headers["anthropic-beta"] == "a-1,b-2"
    own = an_adapter(headers=(("Anthropic-Beta", "c-3, a-1"),))
    assert own.request(chat).headers.get_list("anthropic-beta") == ["c-3,a-1,b-2"]
    assert "anthropic-beta" not in an_adapter().request(a_chat()).headers


def test_facts_of_an_admin_decide() -> None:
    call = replace(a_chat(temperature=0.5), family_facts=(("like", "claude-opus-5"),))
    request = an_adapter().request(call)
    assert "temperature" not in orjson.loads(request.content)
    assert request.extensions[DROPPED_EXTENSION] == ("temperature",)


def test_endpoints_anthropic_does_not_have_are_refused() -> None:
    with pytest.raises(UnsendableError, match="embeddings"):
        an_adapter().request(a_call({"model": "x", "input": "x"}, endpoint="embeddings"))


def test_requests_in_anthropics_own_form_pass_as_they_are() -> None:
    body = {"model": MODEL, "max_tokens": 5, "messages": HI, "metadata": {"user_id": "u"}}
    request = an_adapter().request(a_call(body, endpoint="messages", model=MODEL))
    assert orjson.loads(request.content) == body
    assert request.extensions[TRANSLATION_EXTENSION] is None


async def test_a_message_becomes_a_completion() -> None:
    completion = await answer_of(an_adapter(), a_chat(), MESSAGE)
    assert (completion["id"], completion["object"]) == ("msg_1", "chat.completion")
    assert completion["choices"][0]["message"]["content"] == "Hello!"
    assert completion["choices"][0]["finish_reason"] == "stop"
    assert completion["usage"]["total_tokens"] == 18


async def test_thoughts_and_calls_have_their_places() -> None:
    blocks = [
        {"type": "thinking", "thinking": "Let me look.", "signature": "x"},
        {"type": "text", "text": "I will look."},
        {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"location": "SF"}},
    ]
    answer = MESSAGE | {"content": blocks, "stop_reason": "tool_use"}
    choice = (await answer_of(an_adapter(), a_chat(), answer))["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["reasoning_content"] == "Let me look."
    [call] = choice["message"]["tool_calls"]
    assert call["function"] == {"name": "get_weather", "arguments": '{"location":"SF"}'}


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("max_tokens", "length"), ("stop_sequence", "stop"), ("refusal", "content_filter")],
)
async def test_stop_reasons(reason: str, expected: str) -> None:
    answer = await answer_of(an_adapter(), a_chat(), MESSAGE | {"stop_reason": reason})
    assert answer["choices"][0]["finish_reason"] == expected


async def test_tokens_of_the_cache_are_part_of_the_prompt() -> None:
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 30,
        "cache_creation_input_tokens": 2,
        "output_tokens": 5,
    }
    counted = (await answer_of(an_adapter(), a_chat(), MESSAGE | {"usage": usage}))["usage"]
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


async def test_a_stream_with_thoughts_text_and_a_call() -> None:
    stream = sse(
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
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
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
    assert events[-1] == "[DONE]"


async def test_calls_are_counted_and_have_arguments_in_any_case() -> None:
    stream = sse(START, *block(0, CALL), *block(1, CALL | {"id": "toolu_2"}), *ending("tool_use"))
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
    calls = [delta["tool_calls"][0] for delta in deltas(events) if "tool_calls" in delta]
    assert [call["index"] for call in calls] == [0, 0, 1, 1]
    assert [call["function"]["arguments"] for call in calls] == ["", "{}", "", "{}"]


async def test_an_error_within_a_stream_is_an_error() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    events = await events_of(an_adapter(), a_chat(stream=True), sse(START, error))
    assert events[-1] == {
        "error": {"message": "Overloaded", "type": "overloaded_error", "code": 529}
    }


async def test_a_stream_cut_short_is_not_called_done() -> None:
    stream = sse(START, *block(0, {"type": "text", "text": ""}))[:-40]
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
    assert "[DONE]" not in events
    assert finish_reasons(events) == []


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"id": 1}', b'{"content": [{"type": "text"}]}'])
async def test_an_answer_that_makes_no_sense_is_the_upstreams_fault(body: bytes) -> None:
    with pytest.raises(MidStreamError):
        await response_to(an_adapter(), a_chat(), body).read(2**20)


async def test_an_error_with_its_own_status_is_left_as_it_is() -> None:
    body = b'{"type":"error","error":{"type":"api_error","message":"x"}}'
    assert await response_to(an_adapter(), a_chat(), body, status=500).read(2**20) == body


async def test_the_answer_names_what_was_dropped() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=MESSAGE))
    connection = OpenConnection.open(an_upstream(provider="anthropic"))
    response = await connection.send(UpstreamClient(transport), a_chat(seed=1, **{"x\r\ny": 2}))
    assert response.headers["x-gateway-dropped-params"] == "seed, x%0D%0Ay"
    assert b"chat.completion" in await response.read(2**20)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"type": "rate_limit_error", "message": "x"}, 429),
        ({"type": "api_error", "message": "x"}, None),
        ({"message": "x", "code": 400}, 400),
    ],
)
async def test_an_error_in_a_successful_answer_has_its_status_as_code(
    error: dict, code: int | None
) -> None:
    answer = await answer_of(an_adapter(), a_chat(), {"type": "error", "error": error})
    assert answer == {"error": {"message": "x", "type": error.get("type"), "code": code}}


async def test_an_error_that_is_a_text_is_left_as_it_is() -> None:
    assert await answer_of(an_adapter(), a_chat(), {"error": "x"}) == {"error": "x"}


@pytest.mark.parametrize("state", [{"stop_reason": None}])
async def test_an_answer_that_has_not_ended_is_no_answer(state):
    with pytest.raises(MidStreamError, match="cannot be understood"):
        await answer_of(an_adapter(), a_chat(), MESSAGE | state)
