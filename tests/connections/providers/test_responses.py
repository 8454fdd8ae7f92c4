from __future__ import annotations

import orjson

from connections.providers.registry import adapter_for
from connections.request_extensions import DROPPED_EXTENSION, TRANSLATION_EXTENSION
from tests.connections.providers.translating import answer_of, events_of, sse
from tests.support.builders import a_call, an_upstream
from tests.support.chunks import deltas

HI = [{"role": "user", "content": "Hi"}]
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


def an_adapter(provider: str = "compatible", **fields: object):
    return adapter_for(an_upstream(provider=provider, api_type="responses", **fields))


def a_chat(messages: list = HI, **fields: object):
    return a_call({"model": "public", "messages": messages} | fields, model="gpt-5")


def test_chats_go_to_responses_and_nothing_else_does() -> None:
    adapter = an_adapter()
    assert adapter.url("chat/completions", "gpt-5") == "https://one.example/v1/responses"
    assert adapter.url("embeddings", "gpt-5") == "https://one.example/v1/embeddings"


def test_azure_has_the_same_below_its_own_url() -> None:
    adapter = an_adapter("azure", base_url="https://me.openai.azure.com", api_version="preview")
    url = "https://me.openai.azure.com/openai/responses?api-version=preview"
    assert adapter.url("chat/completions", "gpt-5") == url


def test_requests_in_the_apis_own_form_pass_as_they_are() -> None:
    body = {"model": "gpt-5", "input": "Hi", "previous_response_id": None}
    request = an_adapter().request(a_call(body, endpoint="responses", model="gpt-5"))
    assert orjson.loads(request.content) == body
    assert request.extensions[TRANSLATION_EXTENSION] is None


def test_a_chat_is_sent_as_a_request_for_a_response() -> None:
    request = an_adapter().request(a_chat(stop="x"))
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
    assert orjson.loads(request.content) == {"model": "gpt-5", "input": [item], "store": False}
    assert request.extensions[DROPPED_EXTENSION] == ("stop",)


async def test_a_response_becomes_a_completion() -> None:
    completion = await answer_of(an_adapter(), a_chat(), RESPONSE)
    assert completion["choices"][0]["message"]["content"] == "Hello!"
    assert completion["usage"]["total_tokens"] == 123


async def test_a_stream_becomes_chunks() -> None:
    stream = sse(
        {"type": "response.created", "response": RESPONSE | {"output": []}},
        {"type": "response.output_text.delta", "output_index": 0, "delta": "Hel\u2028lo"},
        {"type": "response.completed", "response": RESPONSE},
    )
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
    assert deltas(events)[1] == {"content": "Hel\u2028lo"}
    assert events[-1] == "[DONE]"


async def test_a_stream_that_fails_is_not_called_done() -> None:
    failure = {"type": "error", "code": "server_error", "message": "Boom", "param": None}
    events = await events_of(an_adapter(), a_chat(stream=True), sse(failure))
    assert events[-1]["error"]["message"] == "Boom"
    assert "[DONE]" not in events


async def test_a_response_that_failed_is_an_error() -> None:
    failed = {"status": "failed", "error": {"code": "server_error", "message": "Boom"}}
    answer = await answer_of(an_adapter(), a_chat(), RESPONSE | failed)
    assert answer == {"error": failed["error"]}
