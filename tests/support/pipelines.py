"""A stand-in for Open WebUI's pipelines server, as strict and as careless as the real one.

It streams unless it is told not to, refuses a message whose content is neither a string nor an
array, and ends its last event without a blank line. ``noting`` is a filter that behaves as the one
for Langfuse: it notes ids in the inlet's ``metadata``, and its outlet knows only those.

https://github.com/open-webui/pipelines (``main.py``, ``schemas.py``)
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from tests.support.responders import Exchange, chunk, head, json_response

MODEL = {"id": "pipe-1", "created": 1, "model": "pipe"}


async def pipe(exchange: Exchange) -> None:
    """Says what the last message says."""
    body = exchange.request.json
    contents = [message.get("content") for message in body["messages"]]
    if not all(isinstance(content, str | list) for content in contents):
        errors = [{"type": "string_type", "loc": ["body", "messages"], "msg": "no valid string"}]
        await json_response({"detail": errors}, status=422)(exchange)
    elif body.get("stream", True):
        await _streamed(exchange, contents[-1])
    else:
        message = {"role": "assistant", "content": contents[-1]}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        answer = MODEL | {"object": "chat.completion", "choices": [choice]}
        await json_response(answer)(exchange)


async def stubborn(exchange: Exchange) -> None:
    """A pipe that hands on a stream, whatever was asked for."""
    await _streamed(exchange, exchange.request.json["messages"][-1]["content"])


async def _streamed(exchange: Exchange, text: str) -> None:
    told = [({"content": text}, None), ({}, "stop")]
    events = [
        f"data: {json.dumps(_chunk(delta, finish_reason))}\n\n" for delta, finish_reason in told
    ]
    data = "".join([*events, "data: [DONE]"]).encode()
    await exchange.send(head(content_type="text/event-stream", transfer_encoding="chunked"))
    await exchange.send(chunk(data) + chunk(b""))


def _chunk(delta: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return MODEL | {"object": "chat.completion.chunk", "choices": [choice]}


class Noting:
    """``traces`` holds what the outlet was told of each chat that the inlet had noted."""

    def __init__(self) -> None:
        self.traces: dict[str, list[dict[str, Any]]] = {}
        self.strangers = 0  # answers whose chat no inlet has noted

    async def inlet(self, exchange: Exchange) -> None:
        body = exchange.request.json["body"]
        metadata = body.get("metadata", {})
        chat_id = metadata.setdefault("chat_id", str(uuid.uuid4()))
        self.traces.setdefault(chat_id, [])
        metadata |= {"type": "user_response", "interface": "open-webui", "model": {"name": "x"}}
        await json_response(body | {"metadata": metadata})(exchange)

    async def outlet(self, exchange: Exchange) -> None:
        body = exchange.request.json["body"]
        if body.get("chat_id") in self.traces:
            self.traces[body["chat_id"]].append(body["messages"][-1])
        else:
            self.strangers += 1
        await json_response(body)(exchange)
