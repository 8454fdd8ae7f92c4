"""Whatever an upstream answers, the client gets a valid answer of its own API, or an error."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from random import Random
from typing import Any

import orjson
import pytest
from anthropic.types.beta import BetaMessage, BetaRawMessageStreamEvent
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from tests.support.every_upstream import UPSTREAMS, EveryUpstream, provide, serving
from tests.support.in_process import post
from tests.support.odd_answers import OddAnswers
from wire_formats.sse import data_of, split_events

ROUNDS = int(os.environ.get("FUZZ_EXAMPLES", "12"))  # before each of the upstreams
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
ASK = [{"role": "user", "content": "Hi"}]
CHAT = {
    "messages": ASK,
    "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
}
RESPONSE = {
    "input": "Hi",
    "tools": [{"type": "function", "name": "f", "parameters": SCHEMA, "strict": False}],
}
MESSAGE = {"messages": ASK, "max_tokens": 99, "tools": [{"name": "f", "input_schema": SCHEMA}]}
SURFACES = [
    ("/v1/chat/completions", CHAT, ChatCompletion, ChatCompletionChunk),
    ("/v1/responses", RESPONSE, Response, ResponseStreamEvent),
    ("/v1/messages", MESSAGE, BetaMessage, BetaRawMessageStreamEvent),
]
ENDS = ("response.completed", "response.incomplete", "response.failed", "message_stop")


@pytest.fixture
def key(transactional_db) -> str:
    return provide()


@pytest.mark.parametrize(("path", "body", "whole", "event"), SURFACES)
async def test_every_upstream(key, caplog, path, body, whole, event):
    kinds = TypeAdapter(whole), TypeAdapter(event)  # which takes long
    odd = OddAnswers(Random(path))
    upstream = EveryUpstream(odd)
    async with serving(upstream) as api:
        for model in UPSTREAMS:
            for number in range(ROUNDS):
                asked = body | {"model": model, "stream": number % 2 == 1}
                answer = await post(api, key, path, asked)
                said = (model, odd.last, answer.body)
                assert answer.status in {200, 502}, said
                is_translated = not upstream.calls[-1].url.path.endswith(path)
                if answer.status == 200 and is_translated:
                    check(answer, *kinds, is_streamed=asked["stream"], said=said)
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == []


def check(answer: Any, whole: Any, event: Any, *, is_streamed: bool, said: Any) -> None:
    if not is_streamed:
        assert whole.validate_json(answer.body, strict=True), said
        return
    events = list(events_of(answer.body))
    kinds = [each.get("type", "") for each in events]
    failures = [each for each in events if is_error(each)]
    for each in events:
        if each not in failures and each.get("type") != "ping":
            assert event.validate_python(each), said
    is_ended = answer.body.endswith(b"data: [DONE]\n\n") or any(kind in ENDS for kind in kinds)
    assert is_ended or failures, said
    if not failures:
        assert kinds.count("content_block_start") == kinds.count("content_block_stop"), said


def is_error(event: dict[str, Any]) -> bool:
    return event.get("type") == "error" or (event.get("error") and "type" not in event)


def events_of(body: bytes) -> Iterator[dict[str, Any]]:
    for block in split_events(body):
        data = data_of(block)
        if data and not data.startswith(b"[DONE]"):
            yield orjson.loads(data)
