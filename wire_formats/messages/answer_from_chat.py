"""From a chat completion to a message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_numbers import read_json
from wire_formats.json_types import JsonObject
from wire_formats.messages.types import Block, Message
from wire_formats.stop_reasons import to_messages
from wire_formats.token_counts import Tokens, messages_usage


def message_id(request_id: str) -> str:
    """The id of the message that answers a request."""
    return f"msg_{request_id.removeprefix('req_')}"


def message_of(answer: JsonObject, *, request_id: str, model: str, tokens: Tokens) -> Message:
    """A whole chat completion as a message. Raises ``UnreadableAnswerError``."""
    match answer.get("choices"):
        case [{"message": dict(said), **choice}, *_]:
            content = list(_blocks(said))
        case _:
            raise UnreadableAnswerError("The upstream's answer is not a chat completion.")
    message = empty_message(request_id=request_id, model=model)
    message["content"] = content
    message["stop_reason"] = to_messages(
        choice.get("finish_reason"),
        has_calls=any(block["type"] == "tool_use" for block in content),
        is_refused=bool(said.get("refusal")),
    )
    message["usage"] = messages_usage(tokens)
    return message


def empty_message(*, request_id: str, model: str) -> Message:
    """A message of which nothing is said yet, as a stream begins with it."""
    return {
        "id": message_id(request_id),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": messages_usage(Tokens()),
    }


def listed(value: Any) -> list[Any]:
    """``value`` if it is a list; upstreams write null and other things for an empty one."""
    return value if isinstance(value, list) else []


def _blocks(said: JsonObject) -> Iterator[Block]:
    for text in (said.get("content"), said.get("refusal")):
        if isinstance(text, str) and text:
            yield {"type": "text", "text": text}
    for call in listed(said.get("tool_calls")):
        match call:
            case {"id": str(id_), "function": {"name": str(name), **function}}:
                input_ = _arguments(function.get("arguments"))
                yield {"type": "tool_use", "id": id_, "name": name, "input": input_}
            case _:
                raise UnreadableAnswerError("The upstream's answer calls a tool without a name.")


def _arguments(text: Any) -> JsonObject:
    try:
        arguments: Any = read_json((text or "{}").encode())
    except (orjson.JSONDecodeError, AttributeError) as exc:
        raise UnreadableAnswerError("The upstream's call of a tool is not JSON.") from exc
    if not isinstance(arguments, dict):
        raise UnreadableAnswerError("The upstream's call of a tool is not a JSON object.")
    return arguments
