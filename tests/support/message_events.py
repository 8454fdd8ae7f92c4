"""A message of Anthropic's as the events of its stream."""

from __future__ import annotations

import json
from typing import Any


def events_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The stream that tells ``message``, one character at a time."""
    begin = {"type": "message_start", "message": message | {"content": [], "stop_reason": None}}
    events = [begin]
    for index, block in enumerate(message["content"]):
        start, deltas = block, []
        match block["type"]:
            case "thinking":
                start = block | {"thinking": "", "signature": ""}
                deltas = [{"type": "thinking_delta", "thinking": c} for c in block["thinking"]]
                deltas += [{"type": "signature_delta", "signature": block["signature"]}]
            case "text":
                start = block | {"text": ""}
                deltas = [{"type": "text_delta", "text": c} for c in block["text"]]
            case "tool_use":
                start = block | {"input": {}}
                written = json.dumps(block["input"])
                deltas = [{"type": "input_json_delta", "partial_json": c} for c in written]
        events += [
            {"type": "content_block_start", "index": index, "content_block": start},
            *({"type": "content_block_delta", "index": index, "delta": d} for d in deltas),
            {"type": "content_block_stop", "index": index},
        ]
    delta = {"stop_reason": message["stop_reason"]}
    # Of the whole message: the count of the input comes a second time, as Anthropic's does.
    end = {"type": "message_delta", "delta": delta, "usage": message["usage"]}
    return [*events, end, {"type": "message_stop"}]
