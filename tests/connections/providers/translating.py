"""Running answers of an upstream through an adapter's translation, as the client does."""

from __future__ import annotations

import json

import httpx

from connections.call import Call
from connections.calling.client import UpstreamResponse
from connections.providers.openai import OpenAIAdapter
from connections.request_extensions import TRANSLATION_EXTENSION
from tests.support.builders import Chunks
from wire_formats.json_types import JsonObject


def response_to(adapter: OpenAIAdapter, call: Call, *parts: bytes, status: int = 200):
    """The upstream's response to ``call``, whose body arrives as ``parts``."""
    translation = adapter.request(call).extensions[TRANSLATION_EXTENSION]
    return UpstreamResponse(httpx.Response(status, stream=Chunks(*parts)), translation)


async def answer_of(adapter: OpenAIAdapter, call: Call, answer: JsonObject) -> JsonObject:
    """``answer`` in one piece, as the rest of the gateway reads it."""
    body = await response_to(adapter, call, json.dumps(answer).encode()).read(2**20)
    return json.loads(body)


async def events_of(
    adapter: OpenAIAdapter, call: Call, stream: bytes, *, size: int = 7
) -> list[JsonObject | str]:
    """The events of ``stream``, which arrives ``size`` bytes at a time."""
    parts = [stream[start : start + size] for start in range(0, len(stream), size)]
    chunks = response_to(adapter, call, *parts).chunks()
    text = b"".join([chunk async for chunk in chunks]).decode()
    data = [event.removeprefix("data: ") for event in text.split("\n\n")[:-1]]
    return [each if each == "[DONE]" else json.loads(each) for each in data]


def sse(*events: JsonObject) -> bytes:
    """``events`` as named server-sent events, the name being each one's ``type``."""
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events
    )
