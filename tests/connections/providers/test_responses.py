from __future__ import annotations

import orjson
import pytest

from connections.errors import MidStreamError
from connections.providers.registry import adapter_for
from connections.request_extensions import DROPPED_EXTENSION, TRANSLATION_EXTENSION
from tests.connections.providers.translating import answer_of, events_of, sse
from tests.support.builders import a_call, an_upstream
from tests.support.chunks import deltas

HI = [{"role": "user", "content": "Hi"}]
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
    "usage": None,
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


@pytest.mark.parametrize(
    ("version", "is_asked"), [("2025-03-01-preview", False), ("2025-04-01-preview", True)]
)
def test_azure_is_asked_for_sealed_reasoning_where_it_knows_it(version, is_asked) -> None:
    base_url = "https://me.openai.azure.com"
    adapter = an_adapter("azure", base_url=base_url, api_version=version)
    assert ("include" in orjson.loads(adapter.request(a_chat()).content)) is is_asked


def test_requests_in_the_apis_own_form_pass_as_they_are() -> None:
    body = {"model": "gpt-5", "input": "Hi", "previous_response_id": None}
    request = an_adapter().request(a_call(body, endpoint="responses", model="gpt-5"))
    assert orjson.loads(request.content) == body
    assert request.extensions[TRANSLATION_EXTENSION] is None


def event(kind: str, **fields: object) -> dict:
    return {"type": f"response.{kind}", **fields}


CREATED = event("created", response=RESPONSE | {"status": "in_progress", "output": []})


async def test_chats_are_translated_there_and_back() -> None:
    request = an_adapter().request(a_chat(seed=1))
    body = orjson.loads(request.content)
    assert (body["input"][0]["role"], body["store"]) == ("user", False)
    assert body["include"] == ["reasoning.encrypted_content"]
    assert request.extensions[DROPPED_EXTENSION] == ("seed",)
    completion = await answer_of(an_adapter(), a_chat(), RESPONSE)
    assert completion["choices"][0]["message"]["content"] == "Hello!"


async def test_a_stream_of_events_becomes_a_stream_of_chunks() -> None:
    stream = sse(
        CREATED,
        event("output_text.delta", output_index=0, delta="Hello\u2028"),
        event("completed", response=RESPONSE),
    )
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
    assert deltas(events)[1:] == [{"content": "Hello\u2028"}, {}]
    assert events[-1] == "[DONE]"


async def test_an_error_within_a_stream_ends_it() -> None:
    failure = event("failed", response={"error": {"code": "server_error", "message": "Boom"}})
    events = await events_of(an_adapter(), a_chat(stream=True), sse(CREATED, failure))
    assert events[-1]["error"]["message"] == "Boom"
    assert "[DONE]" not in events


async def test_a_response_that_failed_is_an_error() -> None:
    failed = {"status": "failed", "error": {"code": "server_error", "message": "Boom"}}
    answer = await answer_of(an_adapter(), a_chat(), RESPONSE | failed)
    assert answer == {"error": failed["error"]}


@pytest.mark.parametrize(
    "state", [{"status": "in_progress"}, {"status": "cancelled"}, {"status": "failed"}]
)
async def test_an_answer_that_has_not_ended_is_no_answer(state):
    with pytest.raises(MidStreamError, match="cannot be understood"):
        await answer_of(an_adapter(), a_chat(), RESPONSE | state)
