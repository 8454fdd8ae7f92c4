"""OpenAI's chat completions, whole and in chunks, written from what another upstream said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from wire_formats.chat.types import ChatCompletion, Chunk, ChunkChoice, CustomCall, ToolCall
from wire_formats.json_types import JsonMapping
from wire_formats.stop_reasons import FinishReason
from wire_formats.token_counts import ChatUsage


@dataclass(slots=True, kw_only=True)
class Completion:
    """One completion with one choice. ``created`` is in seconds since the epoch.

    ``service_tier`` is told with all that is written after it is known; None while it is not.
    """

    id: str
    model: str
    created: int = field(default_factory=lambda: int(time.time()))
    service_tier: str | None = None

    def whole(
        self, message: JsonMapping, finish_reason: FinishReason, usage: ChatUsage | None
    ) -> ChatCompletion:
        message = {"role": "assistant", "content": None, "refusal": None, **message}
        completion: ChatCompletion = {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [
                {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
            ],
            "usage": usage,
        }
        if self.service_tier is not None:
            completion["service_tier"] = self.service_tier
        return completion

    def chunk(self, delta: JsonMapping, finish_reason: FinishReason | None = None) -> Chunk:
        return self._chunk(
            [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}]
        )

    def opening(self) -> Chunk:
        """The first chunk, which says who speaks."""
        return self.chunk({"role": "assistant", "content": ""})

    def usage_chunks(self, usage: ChatUsage | None) -> Iterator[Chunk]:
        """The last chunk, without choices; none where the usage is not known."""
        if usage is not None:
            chunk = self._chunk([])
            chunk["usage"] = usage
            yield chunk

    def _chunk(self, choices: list[ChunkChoice]) -> Chunk:
        chunk: Chunk = {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }
        if self.service_tier is not None:
            chunk["service_tier"] = self.service_tier
        return chunk


def tool_call(call_id: str, name: str, arguments: str) -> ToolCall:
    """A call of a function, as a message holds it."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def custom_call(call_id: str, name: str, text: str) -> CustomCall:
    """A call of a custom tool, whose input is any text."""
    return {"id": call_id, "type": "custom", "custom": {"name": name, "input": text}}
