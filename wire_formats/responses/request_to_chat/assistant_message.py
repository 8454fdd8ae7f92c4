"""A message of a chat's assistant, put together from the items of a response."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from wire_formats.chat.google_signatures import signed_by_google
from wire_formats.chat.reasoning import Thought, reasoning_fields, spelled
from wire_formats.chat.thought_order import mark_positions, position_of
from wire_formats.json_types import JsonObject
from wire_formats.responses.sealed import OF_THE_MESSAGE

BETWEEN_TEXTS = "\n\n"


@dataclass(slots=True)
class AssistantMessage:
    """The message so far. ``calls`` are by their place in the input, ``thoughts`` by their order.

    ``spelling`` is the field of a chat that told the reasoning; ``signatures`` are Gemini's.
    """

    thoughts: list[Thought] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    calls: dict[int, JsonObject] = field(default_factory=dict)
    signatures: dict[str, str] = field(default_factory=dict)
    spelling: str = ""
    _positions: list[JsonObject] = field(default_factory=list)

    def think(self, thoughts: Iterable[Thought]) -> None:
        """Add ``thoughts``, which stand behind the texts and calls there are."""
        said = len(BETWEEN_TEXTS.join(self.texts))
        for thought in thoughts:
            self.thoughts.append(thought)
            self._positions.append(position_of(said, len(self.calls)))

    def as_chat(self) -> JsonObject:
        message: JsonObject = {
            "role": "assistant",
            "content": BETWEEN_TEXTS.join(self.texts) or None,
        }
        thoughts = reasoning_fields(self.thoughts)
        mark_positions(thoughts, self.thoughts, self._positions)
        message = spelled(message | thoughts, self.spelling)
        message |= self._extra(OF_THE_MESSAGE)
        if self.calls:
            calls = self.calls.values()
            message["tool_calls"] = [call | self._extra(call["id"]) for call in calls]
        return message

    def _extra(self, call_id: str) -> JsonObject:
        """Gemini's signature where it stood, if there was one."""
        return signed_by_google(self.signatures.get(call_id, ""))
