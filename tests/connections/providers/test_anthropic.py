from __future__ import annotations

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
from tests.support.chunks import finish_reasons
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


def test_a_chat_is_sent_as_a_message() -> None:
    request = an_adapter().request(a_chat(seed=0))
    content = [{"type": "text", "text": "Hi"}]
    assert orjson.loads(request.content) == {
        "model": MODEL,
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": content}],
    }
    assert request.extensions[DROPPED_EXTENSION] == ("seed",)


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


async def test_a_stream_cut_short_is_not_called_done() -> None:
    text = {"type": "text", "text": ""}
    stream = sse(
        {"type": "message_start", "message": MESSAGE | {"content": []}},
        {"type": "content_block_start", "index": 0, "content_block": text},
        {"type": "content_block_stop", "index": 0},
    )[:-40]
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
    assert "[DONE]" not in events
    assert finish_reasons(events) == []


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"id": 1}', b'{"content": [{"type": "text"}]}'])
async def test_an_answer_that_makes_no_sense_is_the_upstreams_fault(body: bytes) -> None:
    with pytest.raises(MidStreamError):
        await response_to(an_adapter(), a_chat(), body).read(2**20)


async def test_an_error_in_a_successful_answer_has_a_status() -> None:
    error = {"type": "rate_limit_error", "message": "x"}
    answer = await answer_of(an_adapter(), a_chat(), {"type": "error", "error": error})
    assert answer == {"error": error | {"code": 429}}


async def test_an_error_with_its_own_status_is_left_as_it_is() -> None:
    body = b'{"type":"error","error":{"type":"api_error","message":"x"}}'
    assert await response_to(an_adapter(), a_chat(), body, status=500).read(2**20) == body


async def test_the_answer_names_what_was_dropped() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=MESSAGE))
    connection = OpenConnection.open(an_upstream(provider="anthropic"))
    response = await connection.send(UpstreamClient(transport), a_chat(seed=1, **{"x\r\ny": 2}))
    assert response.headers["x-gateway-dropped-params"] == "seed, x%0D%0Ay"
    assert b"chat.completion" in await response.read(2**20)
