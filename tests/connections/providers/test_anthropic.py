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
from tests.support.chunks import deltas, usage_of
from wire_formats.errors import UnsendableError

MODEL = "claude-sonnet-4-5"
HI = [{"role": "user", "content": "Hi"}]
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


START = {
    "type": "message_start",
    "message": MESSAGE
    | {"content": [], "stop_reason": None, "usage": {"input_tokens": 472, "output_tokens": 2}},
}


def test_chats_are_asked_for_in_anthropics_words() -> None:
    request = an_adapter().request(a_chat(seed=0))
    assert orjson.loads(request.content) == {
        "model": MODEL,
        "max_tokens": 64_000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    }
    assert request.extensions[DROPPED_EXTENSION] == ("seed",)


async def test_a_message_becomes_a_completion() -> None:
    completion = await answer_of(an_adapter(), a_chat(), MESSAGE)
    assert (completion["id"], completion["object"]) == ("msg_1", "chat.completion")
    assert completion["choices"][0]["message"]["content"] == "Hello!"


def test_a_chat_is_answered_in_the_form_that_its_client_understands() -> None:
    call = a_chat(reasoning={"exclude": True})
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": "x"}
    translation = an_adapter().translation(call)
    told = translation.answer(MESSAGE | {"content": [thinking, *MESSAGE["content"]]})
    assert "reasoning_content" not in told["choices"][0]["message"]


TEXT = {
    "type": "content_block_delta",
    "index": 0,
    "delta": {"type": "text_delta", "text": "Okay\u2028☃"},
}
STREAM = sse(
    START,
    {"type": "ping"},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    TEXT,
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
)


async def test_a_stream_of_events_becomes_a_stream_of_chunks() -> None:
    events = await events_of(an_adapter(), a_chat(stream=True), STREAM)
    assert deltas(events)[1:] == [{"content": "Okay\u2028☃"}, {}]
    assert usage_of(events)["completion_tokens"] == 9
    assert events[-1] == "[DONE]"


async def test_a_stream_cut_short_is_not_called_done() -> None:
    events = await events_of(an_adapter(), a_chat(stream=True), STREAM[:-40])
    assert "[DONE]" not in events


async def test_an_error_within_a_stream_ends_it() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    events = await events_of(an_adapter(), a_chat(stream=True), sse(START, error))
    assert events[-1] == {
        "error": {"message": "Overloaded", "type": "overloaded_error", "code": 529}
    }


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


@pytest.mark.parametrize("state", [{"stop_reason": None}])
async def test_an_answer_that_has_not_ended_is_no_answer(state):
    with pytest.raises(MidStreamError, match="cannot be understood"):
        await answer_of(an_adapter(), a_chat(), MESSAGE | state)
