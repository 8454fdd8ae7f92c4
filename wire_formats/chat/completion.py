"""OpenAI's chat completions, whole and in chunks, written from what another upstream said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

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
