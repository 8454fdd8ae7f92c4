"""From a chat completion to a message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from proxy.errors import UpstreamAnswerError
from wire_formats.json_numbers import read_json
from wire_formats.json_types import JsonObject
from wire_formats.token_counts import Tokens

STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}


def message_id(request_id: str) -> str:
    """The id of the message that answers a request."""
    return f"msg_{request_id.removeprefix('req_')}"


def message_of(answer: JsonObject, *, request_id: str, model: str, tokens: Tokens) -> JsonObject:
    """A whole chat completion as a message. Raises ``UpstreamAnswerError`` for what is none."""
    match answer.get("choices"):
        case [{"message": dict(said), **choice}, *_]:
            content = list(_blocks(said))
        case _:
            raise UpstreamAnswerError("The upstream's answer is no chat completion.")
    message = empty_message(request_id=request_id, model=model)
    return message | {
        "content": content,
        "stop_reason": stop_reason(
            choice.get("finish_reason"), is_refused=bool(said.get("refusal")), blocks=content
        ),
        "usage": usage_of(tokens),
    }


def empty_message(*, request_id: str, model: str) -> JsonObject:
    """A message of which nothing is said yet, as a stream begins with it."""
    return {
        "id": message_id(request_id),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage_of(Tokens()),
    }


def stop_reason(finish_reason: Any, *, is_refused: bool, blocks: list[JsonObject]) -> str:
    """Why the model stopped. Some providers say ``stop`` after calls of tools, too."""
    if is_refused:
        return "refusal"
    reason = STOP_REASONS.get(str(finish_reason), "end_turn")
    calls = any(block["type"] == "tool_use" for block in blocks)
    return "tool_use" if calls and reason == "end_turn" else reason


def listed(value: Any) -> list[Any]:
    """``value`` if it is a list; upstreams write null and other things for an empty one."""
    return value if isinstance(value, list) else []


def usage_of(tokens: Tokens) -> JsonObject:
    """Token counts as Anthropic has them: cached ones stand beside the input, not within."""
    cached, written = tokens.cached or 0, tokens.cache_write or 0
    return {
        "input_tokens": max((tokens.prompt or 0) - cached - written, 0),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "output_tokens": tokens.completion or 0,
    }


def _blocks(said: JsonObject) -> Iterator[JsonObject]:
    for text in (said.get("content"), said.get("refusal")):
        if isinstance(text, str) and text:
            yield {"type": "text", "text": text}
    for call in listed(said.get("tool_calls")):
        match call:
            case {"id": str(id_), "function": {"name": str(name), **function}}:
                input_ = _arguments(function.get("arguments"))
                yield {"type": "tool_use", "id": id_, "name": name, "input": input_}
            case _:
                raise UpstreamAnswerError("The upstream's answer calls a tool without a name.")


def _arguments(text: Any) -> JsonObject:
    try:
        arguments: Any = read_json((text or "{}").encode())
    except (orjson.JSONDecodeError, AttributeError) as exc:
        raise UpstreamAnswerError("The upstream's call of a tool is not JSON.") from exc
    if not isinstance(arguments, dict):
        raise UpstreamAnswerError("The upstream's call of a tool is not a JSON object.")
    return arguments
