"""A message of a chat's assistant, put together from the items of a response."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wire_formats.chat.google_signatures import sign_by_google
from wire_formats.chat.reasoning import Thought, add_reasoning, move_reasoning
from wire_formats.chat.thought_order import mark_positions, position_of
from wire_formats.chat.types import Placed
from wire_formats.responses.sealed import OF_THE_MESSAGE

if TYPE_CHECKING:
    from wire_formats.chat.request_types import AssistantMessage, FunctionCall

BETWEEN_TEXTS = "\n\n"


@dataclass(slots=True)
class AssistantDraft:
    """The message so far. ``calls`` are by their place in the input, ``thoughts`` by their order.

    ``reasoning_field`` is the field of a chat that told the reasoning; ``signatures`` are Gemini's.
    """

    thoughts: list[Thought] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    calls: dict[int, FunctionCall] = field(default_factory=dict)
    signatures: dict[str, str] = field(default_factory=dict)
    reasoning_field: str = ""
    _positions: list[Placed] = field(default_factory=list)

    def think(self, thoughts: Iterable[Thought]) -> None:
        """Add ``thoughts``, which stand behind the texts and calls there are."""
        said = len(BETWEEN_TEXTS.join(self.texts))
        for thought in thoughts:
            self.thoughts.append(thought)
            self._positions.append(position_of(said, len(self.calls)))

    def as_chat(self) -> AssistantMessage:
        message: AssistantMessage = {
            "role": "assistant",
            "content": BETWEEN_TEXTS.join(self.texts) or None,
        }
        add_reasoning(message, self.thoughts)
        mark_positions(message, self.thoughts, self._positions)
        move_reasoning(message, self.reasoning_field)
        sign_by_google(message, self.signatures.get(OF_THE_MESSAGE, ""))
        for call in self.calls.values():
            sign_by_google(call, self.signatures.get(call["id"], ""))
        if self.calls:
            message["tool_calls"] = list(self.calls.values())
        return message
