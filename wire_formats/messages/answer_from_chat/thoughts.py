"""A model's reasoning, as a chat tells it, in thinking blocks that clients return unread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from wire_formats.chat.reasoning import (
    ANTHROPIC,
    LISTS,
    TEXT_FIELDS,
    Thought,
    reasoning_field_of,
    reasoning_text,
    thoughts_of,
)
from wire_formats.json_types import JsonObject
from wire_formats.messages.carried import carried_thoughts


def thinking_blocks(
    said: JsonObject, *, model: str, is_hidden: bool = False
) -> Iterator[JsonObject]:
    """The reasoning of a whole assistant's message as blocks.

    Where it ``is_hidden`` they show no text: their signatures carry it.
    """
    reasoning_field = reasoning_field_of(said)
    thoughts = with_text(thoughts_of(said), reasoning_text(said))
    for is_own, run in groupby(thoughts, key=lambda each: bool(each.format == ANTHROPIC)):
        for group in ([each] for each in run) if is_own else (list(run),):
            yield _block(group, reasoning_field=reasoning_field, model=model, is_hidden=is_hidden)


def with_text(thoughts: Iterable[Thought], text: str) -> list[Thought]:
    """``thoughts`` that say ``text`` together, whatever they said of it themselves."""
    told = list(thoughts)
    if not text or "".join(each.text for each in told) == text:
        return told
    if len(told) == 1:
        return [replace(told[0], text=text)]
    first = Thought(text=text, format=told[0].format if told else "")
    return [first, *(replace(each, text="") for each in told if each.sealed)]


def signature_of(
    thoughts: list[Thought], *, reasoning_field: str, model: str, is_hidden: bool = False
) -> str:
    """What proves ``thoughts``: Anthropic's own signature, or one that carries all the others.

    Where their text ``is_hidden`` it is carried, too, since some upstreams want it back.
    """
    is_own = len(thoughts) == 1 and thoughts[0].format == ANTHROPIC and thoughts[0].signature
    if is_own and not is_hidden:
        return thoughts[0].signature
    return carried_thoughts(
        thoughts, reasoning_field=reasoning_field, model=model, is_hidden=is_hidden
    )


def sealed_block(thoughts: list[Thought], *, reasoning_field: str, model: str) -> JsonObject:
    """Thoughts that nobody but their provider can read."""
    if len(thoughts) == 1 and thoughts[0].format == ANTHROPIC:
        data = thoughts[0].sealed
    else:
        data = carried_thoughts(thoughts, reasoning_field=reasoning_field, model=model)
    return {"type": "redacted_thinking", "data": data}


def _block(
    thoughts: list[Thought], *, reasoning_field: str, model: str, is_hidden: bool
) -> JsonObject:
    """One of Anthropic's own thoughts, or all that stand together of others."""
    is_own = thoughts[0].format == ANTHROPIC
    text = "".join(each.text for each in thoughts)
    if thoughts[0].sealed if is_own else not text:
        return sealed_block(thoughts, reasoning_field=reasoning_field, model=model)
    if is_own and not is_hidden:
        signature = thoughts[0].signature
    else:
        signature = signature_of(
            thoughts, reasoning_field=reasoning_field, model=model, is_hidden=is_hidden
        )
    return {"type": "thinking", "thinking": "" if is_hidden else text, "signature": signature}


class StreamedReasoning:
    """The reasoning of a stream since the last block of it ended."""

    def __init__(self) -> None:
        self.reasoning_field = ""
        self.text = ""
        self._details: dict[str, list[Any]] = {name: [] for name in LISTS}

    def take(self, delta: JsonObject) -> str:
        """The text that ``delta`` adds. Sealed and signed pieces are kept for the end."""
        text = self._new_text(delta)
        for name in LISTS:
            if isinstance(delta.get(name), list):
                self._details[name] += delta[name]
        self.reasoning_field = self.reasoning_field or reasoning_field_of(delta)
        self.text += text
        return text

    def is_over(self, delta: JsonObject) -> bool:
        """Whether ``delta`` ends a thought: it signs it, or seals it."""
        return any(
            each.signature or each.sealed
            for name in LISTS
            if isinstance(delta.get(name), list)
            for each in thoughts_of({name: delta[name]})
        )

    def thoughts(self) -> list[Thought]:
        """All that was said and kept, which is forgotten then."""
        details, blocks = self._details["reasoning_details"], self._details["thinking_blocks"]
        told = thoughts_of({"reasoning_details": details}) if details else []
        told = told or list(_joined(thoughts_of({"thinking_blocks": blocks}) if blocks else []))
        thoughts = with_text(told, self.text)
        self._details = {name: [] for name in LISTS}
        self.text = ""
        return thoughts

    def _new_text(self, delta: JsonObject) -> str:
        if any(isinstance(delta.get(name), str) and delta[name] for name in TEXT_FIELDS):
            return reasoning_text(delta)
        if isinstance(delta.get("content"), list) and (text := reasoning_text(delta)):
            return text
        told = next((delta[name] for name in LISTS if isinstance(delta.get(name), list)), None)
        if told is None:
            return ""
        name = next(name for name in LISTS if delta.get(name) is told)
        text = "".join(each.text for each in thoughts_of({name: told}))
        # A thought may be told once more as a whole, with what signs or seals it.
        return "" if text == self.text and self.is_over(delta) else text


def _joined(pieces: list[Thought]) -> Iterator[Thought]:
    """LiteLLM's blocks of a stream, piece by piece: each is signed or sealed at its end."""
    text = ""
    for piece in pieces:
        if piece.sealed:
            yield piece
        elif piece.signature:
            yield replace(piece, text=text + piece.text)
            text = ""
        else:
            text += piece.text
    if text:
        yield Thought(text=text, format=ANTHROPIC)
