"""Upstreams of every format for the API in process, which answer whatever they are asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
import orjson

from wire_formats.sse import encoded_event, typed_event

CHAT_USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
CALL = {"name": "f", "arguments": '{"city": "Paris"}'}
CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hi",
                "reasoning_content": "Hm",
                "tool_calls": [{"id": "call_1", "type": "function", "function": CALL}],
            },
            "finish_reason": "tool_calls",
        }
    ],
    "usage": CHAT_USAGE,
}
CHAT_DELTAS = (
    {"role": "assistant", "reasoning_content": "Hm"},
    {"content": "Hi"},
    {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": CALL}]},
)
OUTPUT_TEXT = {"type": "output_text", "text": "Hi", "annotations": [], "logprobs": []}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "metadata": {},
    "output": [
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "Hm"}],
            "encrypted_content": "sealed",
        },
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [OUTPUT_TEXT],
        },
        {
            "type": "function_call",
            "id": "fc_1",
            "call_id": "call_1",
            "status": "completed",
            **CALL,
        },
    ],
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "usage": {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 2,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 11,
    },
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [
        {"type": "thinking", "thinking": "Hm", "signature": "sig"},
        {"type": "text", "text": "Hi", "citations": None},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"city": "Paris"}},
    ],
    "stop_reason": "tool_use",
    "stop_sequence": None,
    "usage": {"input_tokens": 9, "output_tokens": 2},
}
OLLAMA = {
    "model": "m",
    "created_at": "2026-01-01T00:00:00Z",
    "message": {
        "role": "assistant",
        "thinking": "Hm",
        "content": "Hi",
        "tool_calls": [{"function": {"name": "f", "arguments": {"city": "Paris"}}}],
    },
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 9,
    "eval_count": 2,
}


def success(request: httpx.Request) -> httpx.Response:
    """A success of the format that the path belongs to, streamed if that is asked for."""
    asked = orjson.loads(request.content)
    path = request.url.path
    if path.endswith("/count_tokens"):
        return httpx.Response(200, json={"input_tokens": 9})
    if path.endswith("/api/chat"):
        return streamed(ollama_lines()) if asked["stream"] else httpx.Response(200, json=OLLAMA)
    whole, events = OF_PATHS[path.rpartition("/")[2]]
    return streamed(events()) if asked.get("stream") is True else httpx.Response(200, json=whole)


def chat_events(deltas: Iterable[Any] = CHAT_DELTAS) -> list[bytes]:
    shared = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "tool_calls"})
    chunks = [{**shared, "choices": [choice]} for choice in choices]
    chunks.append({**shared, "choices": [], "usage": CHAT_USAGE})
    return [*map(encoded_event, chunks), b"data: [DONE]\n\n"]


def response_events() -> list[bytes]:
    begun = RESPONSE | {"status": "in_progress", "output": [], "usage": None}
    events: list[tuple[str, dict[str, Any]]] = [
        ("response.created", {"response": begun}),
        ("response.in_progress", {"response": begun}),
    ]
    output: Any = RESPONSE["output"]
    for place, item in enumerate(output):
        at = {"output_index": place, "item_id": item["id"]}
        events.append(("response.output_item.added", {"output_index": place, "item": item}))
        if item["type"] == "message":
            part = at | {"content_index": 0, "logprobs": []}
            events.append(("response.output_text.delta", part | {"delta": "Hi"}))
        if item["type"] == "function_call":
            events.append(
                ("response.function_call_arguments.delta", at | {"delta": item["arguments"]})
            )
        events.append(("response.output_item.done", {"output_index": place, "item": item}))
    events.append(("response.completed", {"response": RESPONSE}))
    return [
        typed_event(kind, sequence_number=number, **fields)
        for number, (kind, fields) in enumerate(events)
    ]


def message_events() -> list[bytes]:
    begun = MESSAGE | {"content": [], "stop_reason": None}
    delta = {"stop_reason": "tool_use", "stop_sequence": None}
    content: Any = MESSAGE["content"]
    blocks = [event for place, block in enumerate(content) for event in _block(place, block)]
    return [
        typed_event("message_start", message=begun),
        *blocks,
        typed_event("message_delta", delta=delta, usage={"output_tokens": 2}),
        typed_event("message_stop"),
    ]


def _block(place: int, block: dict[str, Any]) -> list[bytes]:
    pieces: list[dict[str, Any]]
    match block["type"]:
        case "thinking":
            begun = block | {"thinking": "", "signature": ""}
            pieces = [
                {"type": "thinking_delta", "thinking": block["thinking"]},
                {"type": "signature_delta", "signature": block["signature"]},
            ]
        case "text":
            begun, pieces = block | {"text": ""}, [{"type": "text_delta", "text": block["text"]}]
        case _:
            begun = block | {"input": {}}
            text = orjson.dumps(block["input"]).decode()
            pieces = [{"type": "input_json_delta", "partial_json": text}]
    return [
        typed_event("content_block_start", index=place, content_block=begun),
        *(typed_event("content_block_delta", index=place, delta=piece) for piece in pieces),
        typed_event("content_block_stop", index=place),
    ]


def ollama_lines() -> list[bytes]:
    begun = OLLAMA | {"done": False}
    end = OLLAMA | {"message": {"role": "assistant", "content": ""}}
    return [orjson.dumps(line) + b"\n" for line in (begun, end)]


OF_PATHS = {
    "completions": (CHAT, chat_events),
    "responses": (RESPONSE, response_events),
    "messages": (MESSAGE, message_events),
}


class Pieces(httpx.AsyncByteStream):
    """A body that comes piece by piece."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = list(pieces)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece


def streamed(pieces: Iterable[bytes]) -> httpx.Response:
    """A success that comes in ``pieces``."""
    kind = {"content-type": "text/event-stream"}
    return httpx.Response(200, headers=kind, stream=Pieces(pieces))
