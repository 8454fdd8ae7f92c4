"""Reasoning that a model writes into its answer, between ``<think>`` and ``</think>``.

Servers without a parser for a model's reasoning hand on its words as they are. Here what stands at
the beginning of ``content`` within the tags becomes ``reasoning_content``, as those with one write
it. In a stream a tag may be cut anywhere::

    START ── <think> ──► THINKING ── </think> ──► AFTER ── anything else than space ──► SPOKEN
      └── anything else, reasoning of its own ─────────────────────────────────────────────┘
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Any

from wire_formats.chat.reasoning import FIELDS
from wire_formats.json_numbers import encoded_answer
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_list
from wire_formats.sse import DONE_MARK, data_of

OPENED, CLOSED = "<think>", "</think>"
MOST_BLANKS = 1000  # that stand before a tag: they are held back, and looked at with each piece
NUMBER = re.compile(r"[0-9]{1,9}")  # the index of a choice
Said = tuple[str, str]  # what was thought, and what was spoken


class _State(Enum):
    START = auto()
    THINKING = auto()
    AFTER = auto()
    SPOKEN = auto()


class ThinkTags:
    """Reads the text of one answer in pieces. What may be a part of a tag is held back."""

    def __init__(self) -> None:
        self._state = _State.START
        self._held = ""

    @property
    def is_over(self) -> bool:
        """Whether all that follows is spoken."""
        return self._state is _State.SPOKEN

    def take(self, text: str) -> Said:
        """The thoughts and words that one more piece of the answer's ``text`` makes certain."""
        thought = ""
        text, self._held = self._held + text, ""
        if self._state is _State.START:
            begin = text.lstrip()
            blanks = len(text) - len(begin)
            if blanks <= MOST_BLANKS and OPENED.startswith(begin[: len(OPENED)]):
                if len(begin) < len(OPENED):
                    self._held = text
                    return "", ""
                self._state, text = _State.THINKING, begin.removeprefix(OPENED).lstrip("\n")
            else:
                self._state = _State.SPOKEN
        if self._state is _State.THINKING:
            thought, tag, rest = text.partition(CLOSED)
            if not tag:
                self._held = _beginning_of_tag(thought)
                return thought.removesuffix(self._held), ""
            self._state, text = _State.AFTER, rest
        if self._state is _State.AFTER:
            text = text.lstrip()
            self._state = _State.SPOKEN if text else _State.AFTER
        return thought, text

    def end(self) -> Said:
        """The text that was held back and is no tag. All that follows is spoken."""
        held, self._held = self._held, ""
        was, self._state = self._state, _State.SPOKEN
        return (held, "") if was is _State.THINKING else ("", held)


def without_tags(message: JsonObject) -> JsonObject:
    """An assistant's whole ``message`` with its reasoning in a field of its own."""
    content = message.get("content")
    if not isinstance(content, str) or OPENED not in content or _tells_thoughts(message):
        return message
    tags = ThinkTags()
    taken, rest = tags.take(content), tags.end()
    thought, spoken = taken[0] + rest[0], taken[1] + rest[1]
    return message | {"content": spoken, **_thought_field(thought)}


def answer_without_tags(answer: JsonObject) -> JsonObject:
    """A whole chat completion so; any other object as it is."""
    choices = answer.get("choices")
    if not isinstance(choices, list):
        return answer
    changed = [
        choice | {"message": without_tags(choice["message"])}
        if isinstance(choice, dict) and isinstance(choice.get("message"), dict)
        else choice
        for choice in choices
    ]
    return answer if changed == choices else answer | {"choices": changed}


class StreamWithoutTags:
    """Changes the events of one chat, choice by choice."""

    def __init__(self) -> None:
        self._tags: dict[str, ThinkTags] = {}
        self._last: JsonObject = {}

    async def __call__(self, event: bytes) -> bytes:
        """``event`` so, behind what was held back where it is the last. Raises as JSON is read."""
        data = data_of(event)
        if data.startswith(DONE_MARK):
            return b"".join(map(_encoded, self._rest())) + event
        chunk = json_object(data)
        told = as_list(chunk.get("choices"))
        choices = [self._choice(each) for each in told]
        self._last = chunk if told else self._last
        return event if choices == told else _encoded(chunk | {"choices": choices})

    def _choice(self, choice: Any) -> Any:
        if not isinstance(choice, dict) or not isinstance(choice.get("delta"), dict):
            return choice
        tags = self._tags.setdefault(str(choice.get("index")), ThinkTags())
        delta = choice["delta"]
        content = delta.get("content")
        if tags.is_over or (content is not None and not isinstance(content, str)):
            return choice
        thought, spoken = tags.take(content or "")
        if choice.get("finish_reason") or delta.get("tool_calls") or _tells_thoughts(delta):
            more_thought, more_spoken = tags.end()
            thought, spoken = thought + more_thought, spoken + more_spoken
        if not thought and spoken == (content or ""):
            return choice
        return choice | {"delta": delta | {"content": spoken, **_thought_field(thought)}}

    def _rest(self) -> list[JsonObject]:
        """Chunks of what a stream without a reason to finish has left."""
        told = [(index, tags.end()) for index, tags in self._tags.items()]
        return [
            self._last
            | {"choices": [{"index": int(index) if NUMBER.fullmatch(index) else 0, "delta": delta}]}
            for index, (thought, spoken) in told
            if (delta := _thought_field(thought) | ({"content": spoken} if spoken else {}))
        ]


def _thought_field(thought: str) -> JsonObject:
    return {"reasoning_content": thought} if thought else {}


def _tells_thoughts(said: JsonObject) -> bool:
    return any(said.get(name) for name in FIELDS)


def _beginning_of_tag(text: str) -> str:
    """The end of ``text`` that may be the beginning of the closing tag."""
    sizes = range(min(len(CLOSED) - 1, len(text)), 0, -1)
    return next((text[-size:] for size in sizes if CLOSED.startswith(text[-size:])), "")


def _encoded(chunk: JsonObject) -> bytes:
    return b"data: " + encoded_answer(chunk) + b"\n\n"
