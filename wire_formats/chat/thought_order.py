"""Where thoughts stood among the words and calls of an answer.

A chat tells the words, the calls and the thoughts of an answer apart. A model that thinks between
its calls refuses them in another order for good, so that each entry of ``reasoning_details`` and
``thinking_blocks`` says in ``position`` what stood before it: a number of characters and of calls.
Without it, a thought stood before all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from wire_formats.chat.reasoning import ANTHROPIC, Thought, details_of
from wire_formats.chat.types import Placed, ReasoningFields
from wire_formats.json_types import JsonObject

if TYPE_CHECKING:
    from anthropic.types import TextBlockParam

Position = tuple[int, int]
Thinking = TypeVar("Thinking")
Call = TypeVar("Call")


def position_of(characters: int, calls: int) -> Placed:
    """The field for an entry; empty for a thought before all."""
    return {"position": {"characters": characters, "calls": calls}} if characters or calls else {}


def mark_positions(
    fields: ReasoningFields, thoughts: list[Thought], positions: list[Placed]
) -> None:
    """Add to ``fields``, the side fields that hold ``thoughts``, where these stood."""
    of_details = [
        at
        for thought, at in zip(thoughts, positions, strict=True)
        for _ in range(len(list(details_of(thought))))
    ]
    for detail in fields.get("reasoning_details", ()):
        place_at(detail, of_details[detail["index"]])
    own = [at for thought, at in zip(thoughts, positions, strict=True) if _is_own(thought)]
    for block, at in zip(fields.get("thinking_blocks", ()), own, strict=False):
        place_at(block, at)


def place_at(entry: Placed, at: Placed) -> None:
    """Give ``entry`` the place ``at``; one before all stays without."""
    if "position" in at:
        entry["position"] = at["position"]


def positions_in(message: JsonObject, count: int) -> list[Position]:
    """Where the ``count`` thoughts of a chat's message stood, in their order."""
    for name in ("reasoning_details", "thinking_blocks"):
        entries = message.get(name)
        if isinstance(entries, list) and len(entries) == count:
            found = [_position(entry) for entry in entries]
            return found if found == sorted(found) else [(0, 0)] * count
    return [(0, 0)] * count


def has_order(places: list[Position]) -> bool:
    """Whether a thought stood behind words or calls."""
    return any(any(place) for place in places)


def in_order(
    thoughts: list[tuple[Position, Thinking]], text: str, calls: list[Call]
) -> Iterator[Thinking | TextBlockParam | Call]:
    """The blocks of an answer: thoughts where they stood, and words before calls between them."""
    characters, made = 0, 0
    for (end, calls_before), block in thoughts:
        yield from _words(text[characters:end])
        yield from calls[made:calls_before]
        yield block
        characters, made = end, calls_before
    yield from _words(text[characters:])
    yield from calls[made:]


def _words(text: str) -> Iterator[TextBlockParam]:
    if text.strip():
        yield {"type": "text", "text": text}


def _position(entry: Any) -> Position:
    match entry:
        case {"position": {"characters": int(characters), "calls": int(calls)}}:
            return max(characters, 0), max(calls, 0)
    return 0, 0


def _is_own(thought: Thought) -> bool:
    return thought.format == ANTHROPIC
