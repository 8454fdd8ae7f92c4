"""OpenAI's chat completions, whole and in chunks, written from what another upstream said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wire_formats.figures import told_count
from wire_formats.json_types import JsonObject


@dataclass(slots=True, kw_only=True)
class Completion:
    """One completion with one choice. ``created`` is in seconds since the epoch."""

    id: str
    model: str
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(
        self, message: JsonObject, finish_reason: str, usage: JsonObject | None
    ) -> JsonObject:
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": None, "refusal": None} | message,
            "logprobs": None,
            "finish_reason": finish_reason,
        }
        return self._object("chat.completion", [choice]) | {"usage": usage}

    def chunk(self, delta: JsonObject, finish_reason: str | None = None) -> JsonObject:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._object("chat.completion.chunk", [choice])

    def opening(self) -> JsonObject:
        """The first chunk, which says who speaks."""
        return self.chunk({"role": "assistant", "content": ""})

    def usage_chunks(self, usage: JsonObject | None) -> Iterator[JsonObject]:
        """The last chunk, without choices; none where the usage is not known."""
        if usage is not None:
            yield self._object("chat.completion.chunk", []) | {"usage": usage}

    def _object(self, kind: str, choices: list[JsonObject]) -> JsonObject:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }


def tool_call(call_id: str, name: str, arguments: str) -> JsonObject:
    """A call of a function, as a message holds it."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def token_usage(
    prompt: Any, completion: Any, *, cached: Any = 0, cache_write: Any = 0, reasoning: Any = None
) -> JsonObject | None:
    """Token counts out of what an upstream told; what it did not tell is 0.

    ``cached`` and ``cache_write`` are part of ``prompt``, ``reasoning`` is part of ``completion``.
    None where one of the two that make up the price cannot be true.
    """
    prompt, completion = told_count(prompt or 0), told_count(completion or 0)
    if prompt is None or completion is None:
        return None
    cached, written = told_count(cached) or 0, told_count(cache_write)
    usage: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    if written:
        usage["prompt_tokens_details"]["cache_write_tokens"] = written
    if (thought := told_count(reasoning)) is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": thought}
    return usage
