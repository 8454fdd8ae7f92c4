"""A conversation that goes on at an upstream which speaks Messages itself."""

from __future__ import annotations

from typing import Any

from wire_formats.json_types import JsonObject
from wire_formats.messages.carried import is_carried


def without_carried(body: JsonObject) -> JsonObject:
    """``body`` without the thinking that came from chats, which Anthropic takes for forged.

    The same object where there is none.
    """
    messages: Any = body["messages"]
    if not any(map(_has_carried, messages)):
        return body
    kept = [_without(message) if _has_carried(message) else message for message in messages]
    return body | {"messages": [message for message in kept if message is not None]}


def _has_carried(message: Any) -> bool:
    match message:
        case {"role": "assistant", "content": list(blocks)}:
            return any(map(_is_carrying, blocks))
        case _:
            return False


def _is_carrying(block: Any) -> bool:
    match block:
        case {"type": "thinking", "signature": text} | {"type": "redacted_thinking", "data": text}:
            return is_carried(text)
        case _:
            return False


def _without(message: JsonObject) -> JsonObject | None:
    blocks = [block for block in message["content"] if not _is_carrying(block)]
    return message | {"content": blocks} if blocks else None
