"""A whole message of Anthropic's told as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.json_numbers import write_json
from wire_formats.json_types import JsonObject
from wire_formats.sse import typed_event

# Known when all is said; a stream tells of it last.
LAST = ("stop_reason", "stop_sequence", "stop_details", "container")
TOOL_USES = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


def message_events(answer: JsonObject) -> bytes:
    """The events of a message. Empty if ``answer`` is none, or one that has not ended."""
    blocks: Any = answer.get("content")
    is_message = answer.get("type") == "message" and isinstance(blocks, list)
    has_ended = bool(answer.get("stop_reason"))
    if not (is_message and has_ended and all(isinstance(block, dict) for block in blocks)):
        return b""
    return b"".join(_events(answer, blocks))


def _events(answer: JsonObject, blocks: list[JsonObject]) -> Iterator[bytes]:
    last = {name: answer[name] for name in LAST if name in answer}
    usage = answer["usage"] if isinstance(answer.get("usage"), dict) else {}
    begun = answer | dict.fromkeys(last) | {"content": []}
    yield typed_event("message_start", message=begun | {"usage": usage | {"output_tokens": 0}})
    for index, block in enumerate(blocks):
        start, deltas = _told_apart(block)
        yield typed_event("content_block_start", index=index, content_block=start)
        for delta in deltas:
            yield typed_event("content_block_delta", index=index, delta=delta)
        yield typed_event("content_block_stop", index=index)
    yield typed_event("message_delta", delta=last, usage=usage)
    yield typed_event("message_stop")


def _told_apart(block: JsonObject) -> tuple[JsonObject, list[JsonObject]]:
    """How the block starts, and what is told bit by bit: nothing of most kinds."""
    match block:
        case {"type": "text", "text": str(text)}:
            told: list[JsonObject] = [{"type": "text_delta", "text": text}] if text else []
            if not isinstance(block.get("citations"), list):
                return block | {"text": ""}, told
            told += ({"type": "citations_delta", "citation": each} for each in block["citations"])
            return block | {"text": "", "citations": []}, told
        case {"type": "thinking", "thinking": str(text)}:
            told = [{"type": "thinking_delta", "thinking": text}] if text else []
            if block.get("signature"):
                told.append({"type": "signature_delta", "signature": block["signature"]})
            return block | {"thinking": "", "signature": ""}, told
        case {"type": str(kind), "input": dict(given)} if kind in TOOL_USES:
            told = [{"type": "input_json_delta", "partial_json": write_json(given).decode()}]
            return block | {"input": {}}, told
    return block, []
