"""What a healthy upstream answers at each endpoint, in parts, so that each part may go wrong.

A stream is its start-up events, one event for each word, and its ending::

    start | start | word word word … | finish, token counts, end
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wire_formats.sse import encoded_event, typed_event

INPUT_TOKENS = 9
JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """``whole`` is the body in one piece. ``error`` writes an error as an event of this stream."""

    whole: bytes
    media_type: str = JSON
    start: tuple[bytes, ...] = ()
    words: tuple[bytes, ...] = ()
    ending: tuple[bytes, ...] = ()
    error: Callable[[dict[str, Any]], bytes] = lambda error: encoded_event({"error": error})

    @property
    def is_streamable(self) -> bool:
        return bool(self.words)


def success_of(path: str, model: str, words: Sequence[str]) -> Success:
    """The success at ``path``, raw and without query; text consists of ``words``."""
    for ending, make in MAKERS.items():
        if path.endswith(ending):
            return make(model, words)
    return Success(whole=_json(OTHERS[path.rpartition("/")[2]]))


def chat(model: str, words: Sequence[str]) -> Success:
    shared = {"id": "chatcmpl-1", "created": 1, "model": model}
    usage = _chat_usage(words)
    message = {"role": "assistant", "content": "".join(words), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    whole = {**shared, "object": "chat.completion", "choices": [choice], "usage": usage}
    shared["object"] = "chat.completion.chunk"

    def part(delta: dict[str, Any], reason: str | None = None) -> bytes:
        return encoded_event({**shared, "choices": [_choice(delta, reason)]})

    return Success(
        whole=_json(whole),
        start=(part({"role": "assistant", "content": ""}), part({"content": ""})),
        words=tuple(part({"content": word}) for word in words),
        ending=(
            part({}, "stop"),
            encoded_event({**shared, "choices": [], "usage": usage}),
            b"data: [DONE]\n\n",
        ),
    )


def completion(model: str, words: Sequence[str]) -> Success:
    shared = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": model}

    def choice(text: str, reason: str | None = None) -> dict[str, Any]:
        return {"index": 0, "text": text, "logprobs": None, "finish_reason": reason}

    def part(text: str, reason: str | None = None) -> bytes:
        return encoded_event({**shared, "choices": [choice(text, reason)]})

    usage = {"usage": _chat_usage(words)}
    return Success(
        whole=_json({**shared, "choices": [choice("".join(words), "stop")], **usage}),
        start=(part(""), part("")),
        words=tuple(map(part, words)),
        ending=(
            part("", "stop"),
            encoded_event({**shared, "choices": [], **usage}),
            b"data: [DONE]\n\n",
        ),
    )


def response(model: str, words: Sequence[str]) -> Success:
    text = {"type": "output_text", "text": "".join(words), "annotations": [], "logprobs": []}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
    whole = {
        **RESPONSE,
        "model": model,
        "output": [{**item, "content": [text]}],
        "usage": {
            "input_tokens": INPUT_TOKENS,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": len(words),
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": INPUT_TOKENS + len(words),
        },
    }
    begun = whole | {"status": "in_progress", "output": [], "usage": None}
    at = {"output_index": 0, "item_id": "msg_1", "content_index": 0}
    empty = {**item, "status": "in_progress", "content": []}
    delta = "response.output_text.delta"
    start: list[tuple[str, dict[str, Any]]] = [
        ("response.created", {"response": begun}),
        ("response.output_item.added", {"output_index": 0, "item": empty}),
        ("response.content_part.added", at | {"part": text | {"text": ""}}),
    ]
    told = [(delta, at | {"logprobs": [], "delta": word}) for word in words]
    ending: list[tuple[str, dict[str, Any]]] = [
        ("response.output_text.done", at | {"logprobs": [], "text": text["text"]}),
        ("response.content_part.done", at | {"part": text}),
        ("response.output_item.done", {"output_index": 0, "item": whole["output"][0]}),
        ("response.completed", {"response": whole}),
    ]
    events = [
        typed_event(kind, sequence_number=number, **fields)
        for number, (kind, fields) in enumerate([*start, *told, *ending])
    ]
    first, last = len(start), len(start) + len(told)
    return Success(
        whole=_json(whole),
        start=tuple(events[:first]),
        words=tuple(events[first:last]),
        ending=tuple(events[last:]),
        error=_response_error,
    )


def message(model: str, words: Sequence[str]) -> Success:
    shared = {"id": "msg_1", "type": "message", "role": "assistant", "model": model}
    content = {"type": "text", "text": "".join(words), "citations": None}
    usage = {"input_tokens": INPUT_TOKENS, "output_tokens": len(words)}
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    empty: dict[str, Any] = {"content": [], "stop_reason": None, "stop_sequence": None}
    begun = {**shared, **empty, "usage": usage | {"output_tokens": 0}}
    block = {"index": 0, "content_block": content | {"text": ""}}
    deltas = [{"index": 0, "delta": {"type": "text_delta", "text": word}} for word in words]
    return Success(
        whole=_json({**shared, "content": [content], **ended, "usage": usage}),
        start=(
            typed_event("message_start", message=begun),
            typed_event("content_block_start", **block),
            typed_event("ping"),
        ),
        words=tuple(typed_event("content_block_delta", **delta) for delta in deltas),
        ending=(
            typed_event("content_block_stop", index=0),
            typed_event("message_delta", delta=ended, usage={"output_tokens": len(words)}),
            typed_event("message_stop"),
        ),
        error=lambda error: typed_event("error", error=_anthropic_error(error)),
    )


def speech(model: str, words: Sequence[str]) -> Success:
    return Success(whole=f"ID3 {model} {''.join(words)}".encode(), media_type="audio/mpeg")


def _chat_usage(words: Sequence[str]) -> dict[str, int]:
    count = len(words)
    return {
        "prompt_tokens": INPUT_TOKENS,
        "completion_tokens": count,
        "total_tokens": INPUT_TOKENS + count,
    }


def _choice(delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}


def _response_error(error: dict[str, Any]) -> bytes:
    told = {"code": error.get("code") or error.get("type"), "message": error["message"]}
    return typed_event("error", **told, param=error.get("param"), sequence_number=0)


def _anthropic_error(error: dict[str, Any]) -> dict[str, Any]:
    """Anthropic's errors have a type and no code."""
    return {"type": error.get("code") or error["type"], "message": error["message"]}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
}
MAKERS: dict[str, Callable[[str, Sequence[str]], Success]] = {
    "/chat/completions": chat,
    "/completions": completion,
    "/responses": response,
    "/messages": message,
    "/audio/speech": speech,
}
IMAGES = {"created": 1, "data": [{"b64_json": "aW1hZ2U="}]}
# By the last part of the path.
OTHERS: dict[str, Any] = {
    "embeddings": {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}],
        "usage": {"prompt_tokens": INPUT_TOKENS, "total_tokens": INPUT_TOKENS},
    },
    "moderations": {"id": "modr-1", "results": [{"flagged": False}]},
    "rerank": {"results": [{"index": 0, "relevance_score": 0.5}]},
    "generations": IMAGES,
    "edits": IMAGES,
    "variations": IMAGES,
    "transcriptions": {"text": "Hello"},
    "translations": {"text": "Hello"},
    "voices": {"voices": ["alloy"]},
    "compact": {"id": "resp_2", "object": "response.compaction", "created_at": 1, "output": []},
    "input_tokens": {"object": "response.input_tokens", "input_tokens": INPUT_TOKENS},
    "count_tokens": {"input_tokens": INPUT_TOKENS},
}
