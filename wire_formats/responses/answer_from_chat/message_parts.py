"""What a chat's message says, in the order in which it was said: each part becomes an item."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.chat.reasoning import Thought, reasoning_text, spoken_text, thoughts_of
from wire_formats.chat.thought_order import has_order, in_order, positions_in
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_list, as_object
from wire_formats.responses.answer_from_chat.output_items import refusal_part, text_part


def parts_in_order(said: JsonObject, logprobs: Any) -> Iterator[Any]:
    """What becomes an item each: a list of thoughts, a list of parts of a message, or a call.

    Thoughts stand before all, unless their places say otherwise.
    """
    thoughts, calls, text = (
        whole_thoughts(said),
        list(map(as_object, as_list(said.get("tool_calls")))),
        said.get("content"),
    )
    places = positions_in(said, len(thoughts))
    if not (has_order(places) and isinstance(text, str | None)):
        yield from (part for part in (thoughts, _content(said, logprobs)) if part)
        yield from calls
        return
    placed = [(place, {"is": it}) for place, it in zip(places, thoughts, strict=True)]
    start = 0
    for block in in_order(placed, text or "", calls):
        match block:
            case {"is": Thought() as thought}:
                yield [thought]
            case {"type": "text", "text": str(words)}:
                start = (text or "").index(words, start)
                yield [_text_from(words, start, said.get("annotations"))]
                start += len(words)
            case call:
                yield call
    if refused := _content({"refusal": said.get("refusal")}, None):
        yield refused


def whole_thoughts(said: JsonObject) -> list[Thought]:
    """The reasoning of a message, with its text also where only sealed pieces tell of details."""
    thoughts = thoughts_of(said)
    if thoughts and not any(thought.text for thought in thoughts):
        text = reasoning_text(said)
        return [Thought(text=text), *thoughts] if text else thoughts
    return thoughts


def _text_from(words: str, start: int, annotations: Any) -> JsonObject:
    """The part of a text that began at ``start``, with the citations that are of it."""
    part = text_part(words, annotations)
    part["annotations"] = [
        each | {name: each[name] - start for name in ("start_index", "end_index")}
        for each in part["annotations"]
        if start <= each["start_index"] < start + len(words)
    ]
    return part


def _content(said: JsonObject, logprobs: Any) -> list[JsonObject]:
    content = []
    if text := spoken_text(said.get("content")):
        content.append(text_part(text, said.get("annotations"), logprobs))
    refusal = said.get("refusal")
    if isinstance(refusal, str) and refusal:
        content.append(refusal_part(refusal))
    return content
