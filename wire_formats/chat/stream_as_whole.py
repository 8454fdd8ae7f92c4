"""A stream of chunks put together, for upstreams that stream although nobody asked them to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from wire_formats.chat.detail_pieces import joined_details
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_list
from wire_formats.sse import DONE_MARK, FIELDS, data_of, split_events

TELLING_BYTES = 64
# Fields of a delta whose pieces are joined; of all other fields the last value counts.
TEXTS = frozenset({"content", "refusal", "reasoning_content", "reasoning"})
DETAILS = "reasoning_details"
LISTS = frozenset({DETAILS, "thinking_blocks", "annotations"})


def is_stream(body: bytes) -> bool:
    """Whether ``body`` is an event stream: JSON begins otherwise."""
    return body[:TELLING_BYTES].lstrip().startswith(FIELDS)


def completion_in(body: bytes) -> JsonObject | None:
    """The chat completion, or completion, that an event stream tells of.

    None if it tells of none, or not to its end. It is ``{"error": …}`` where the stream has one.
    """
    data = [told for event in split_events(body) if (told := data_of(event))]
    is_done = any(told.startswith(DONE_MARK) for told in data)
    chunks = (json_object(told) for told in data if not told.startswith(DONE_MARK))
    return completion_of(chunks, is_done=is_done)


def completion_of(chunks: Iterable[JsonObject], *, is_done: bool) -> JsonObject | None:
    """``chunks`` as one completion. ``is_done``: the mark of their end has come."""
    whole: JsonObject = {}
    choices: dict[Any, _Choice] = {}
    for chunk in chunks:
        if chunk.get("error"):
            return chunk
        whole |= {name: each for name, each in chunk.items() if each is not None}
        for part in as_list(chunk.get("choices")):
            if isinstance(part, dict):
                choices.setdefault(str(part.get("index", 0)), _Choice()).take(part)
    if not choices or not (is_done or all(each.finish_reason for each in choices.values())):
        return None
    if whole.get("object") == "chat.completion.chunk":
        whole["object"] = "chat.completion"
    return whole | {"choices": [each.whole(place) for place, each in enumerate(choices.values())]}


@dataclass(slots=True)
class _Call:
    """A call of a tool as it grows."""

    fields: JsonObject = field(default_factory=dict)
    function: JsonObject = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)

    def take(self, call: JsonObject) -> None:
        self.fields |= {name: each for name, each in call.items() if each not in (None, "")}
        function = call.get("function")
        if isinstance(function, dict):
            self.function |= {name: each for name, each in function.items() if each}
            if isinstance(function.get("arguments"), str):
                self.arguments.append(function["arguments"])

    def whole(self) -> JsonObject:
        call = {name: each for name, each in self.fields.items() if name != "index"}
        if self.function:
            call["function"] = self.function | {"arguments": "".join(self.arguments)}
        return call


class _Choice:
    """One choice as it grows."""

    def __init__(self) -> None:
        self.finish_reason: Any = None
        self._fields: JsonObject = {}
        self._texts: dict[str, list[str]] = {}
        self._lists: dict[str, list[Any]] = {}
        self._logprobs: dict[str, list[Any]] = {}
        self._calls: dict[Any, _Call] = {}

    def take(self, part: JsonObject) -> None:
        self.finish_reason = part.get("finish_reason") or self.finish_reason
        if isinstance(part.get("text"), str):  # a completion has no delta
            self._texts.setdefault("text", []).append(part["text"])
        if isinstance(part.get("logprobs"), dict):
            for name, values in part["logprobs"].items():
                self._logprobs.setdefault(name, []).extend(as_list(values))
        delta = part.get("delta") or part.get("message")
        for name, value in delta.items() if isinstance(delta, dict) else ():
            self._take_field(name, value)

    def _take_field(self, name: str, value: Any) -> None:
        match value:
            case str() if name in TEXTS:
                self._texts.setdefault(name, []).append(value)
            case list() if name in LISTS:
                self._lists.setdefault(name, []).extend(value)
            case list() if name == "tool_calls":
                for place, call in enumerate(value):
                    if isinstance(call, dict):
                        self._calls.setdefault(str(call.get("index", place)), _Call()).take(call)
            case _ if value is not None:
                self._fields[name] = value

    def whole(self, place: int) -> JsonObject:
        choice: JsonObject = {
            "index": place,
            "logprobs": self._logprobs or None,
            "finish_reason": self.finish_reason or "stop",
        }
        texts = {name: "".join(pieces) for name, pieces in self._texts.items()}
        if "text" in texts:
            return choice | {"text": texts["text"]}
        lists = dict(self._lists)
        if DETAILS in lists:
            lists[DETAILS] = joined_details(lists[DETAILS])
        message = {"role": "assistant", "content": None} | self._fields | texts | lists
        if self._calls:
            message["tool_calls"] = [call.whole() for call in self._calls.values()]
        return choice | {"message": message}
