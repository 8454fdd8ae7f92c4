"""A whole answer told as a stream, for upstreams that do not stream although they were asked to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.json_types import JsonObject
from wire_formats.sse import DONE, encoded_event

# The rest of a message goes into the delta as it is: reasoning, refusal, annotations, audio.
TOLD_APART = frozenset({"role", "content", "tool_calls"})


def completion_events(answer: JsonObject) -> bytes:
    """The events of a chat completion, or of a completion. Empty if ``answer`` is neither."""
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices or not all(map(_is_choice, choices)):
        return b""
    shared = {k: v for k, v in answer.items() if k not in {"choices", "usage"}}
    if answer.get("object") == "chat.completion":
        shared["object"] = "chat.completion.chunk"
    parts = [part for place, choice in enumerate(choices) for part in _parts(choice, place)]
    chunks = [shared | {"choices": [part]} for part in parts]
    if isinstance(answer.get("usage"), dict):
        chunks.append(shared | {"choices": [], "usage": answer["usage"]})
    return b"".join(map(encoded_event, chunks)) + DONE


def _is_choice(choice: Any) -> bool:
    return isinstance(choice, dict) and (
        isinstance(choice.get("message"), dict) or isinstance(choice.get("text"), str)
    )


def _parts(choice: JsonObject, place: int) -> Iterator[JsonObject]:
    finish_reason = choice.get("finish_reason") or "stop"
    if "text" in choice:
        yield {"index": place, "logprobs": None} | choice | {"finish_reason": finish_reason}
        return
    part = {"index": choice.get("index", place), "logprobs": None, "finish_reason": None}
    message = choice["message"]
    yield part | {"delta": {"role": message.get("role") or "assistant"}}
    told = {k: v for k, v in message.items() if k not in TOLD_APART and v is not None}
    if message.get("content") is not None:
        told["content"] = message["content"]
    if told:
        yield part | {"delta": told, "logprobs": choice.get("logprobs")}
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls and all(isinstance(call, dict) for call in calls):
        numbered = [{"index": index} | call for index, call in enumerate(calls)]
        yield part | {"delta": {"tool_calls": numbered}}
    yield part | {"delta": {}, "finish_reason": finish_reason}
