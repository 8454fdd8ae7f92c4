"""The events of a response as chunks of a chat.

Items are written side by side, each under its ``output_index``::

    reasoning    reasoning_content, piece by piece; at its end the whole thought, sealed
    message      content and refusal, piece by piece; citations as they come
    a call       its name, then its arguments or its input, piece by piece

What an upstream leaves out of the pieces is told when the item is done. Other events are ignored.
https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wire_formats.chat.completion import Completion
from wire_formats.chat.reasoning import reasoning_fields
from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.json_values import as_list
from wire_formats.responses.answer_to_chat.output import (
    BETWEEN_SUMMARIES,
    annotation_of,
    call_of,
    choice_logprobs,
    message_of,
    text_of,
    thought_of,
)

# Where a chunk holds the text of an event.
TEXTS = {
    "response.output_text.delta": "content",
    "response.refusal.delta": "refusal",
    "response.reasoning_summary_text.delta": "reasoning_content",
    "response.reasoning_text.delta": "reasoning_content",
}
# The events that write a call, and the field of the call that they write.
CALLED = {
    "response.function_call_arguments.delta": ("function", "arguments"),
    "response.custom_tool_call_input.delta": ("custom", "input"),
}
WRITTEN = {"function_call": ("function", "arguments"), "custom_tool_call": ("custom", "input")}


@dataclass(slots=True)
class _Item:
    """An item that is being written. ``call`` is its index among the calls, -1 for others."""

    call: int = -1
    has_text: bool = False
    has_notes: bool = False
    summary: Any = None  # the index of the last summary that was written to


class ResponseStream:
    """Counts what was written. ``calls`` is how many calls there were."""

    def __init__(self, completion: Completion) -> None:
        self._completion = completion
        self._items: dict[str, _Item] = {}
        self._length = 0  # of the content
        self._part_start = 0
        self._details = 0  # that were told of thoughts
        self.calls = 0

    def event(self, event: JsonObject) -> Iterator[JsonMapping]:
        """The chunks for one event; none for those that tell nothing."""
        match event.get("type"):
            case str(kind) if kind in TEXTS:
                yield from self._said(TEXTS[kind], event)
            case str(kind) if kind in CALLED:
                yield from self._arguments(event, *CALLED[kind])
            case "response.output_item.added":
                yield from self._started(event)
            case "response.content_part.added":
                self._part_start = self._length
            case "response.output_text.annotation.added":
                yield from self._noted(event)
            case "response.output_item.done":
                yield from self._ended(event)

    def _item(self, event: JsonObject) -> _Item:
        place = event.get("output_index")
        if place is None:
            whole = event.get("item")
            place = event.get("item_id") or (whole.get("id") if isinstance(whole, dict) else None)
        return self._items.setdefault(str(place), _Item())

    def _said(self, name: str, event: JsonObject) -> Iterator[JsonMapping]:
        text = event.get("delta")
        if not isinstance(text, str) or not text:
            return
        item = self._item(event)
        place = event.get("summary_index")
        if item.has_text and place is not None and place != item.summary:
            text = BETWEEN_SUMMARIES + text
        item.has_text, item.summary = True, place
        if name == "content":
            self._length += len(text)
        chunk = self._completion.chunk({name: text})
        if name == "content" and (told := choice_logprobs(as_list(event.get("logprobs")))):
            chunk["choices"][0]["logprobs"] = told
        yield chunk

    def _started(self, event: JsonObject) -> Iterator[JsonMapping]:
        item = event.get("item")
        call = call_of(item) if isinstance(item, dict) else None
        if call is None:
            return
        written = self._item(event)
        written.call = self.calls
        self.calls += 1
        kind, name = WRITTEN[event["item"]["type"]]
        yield self._call(written, {**call, kind: call[kind] | {name: ""}})

    def _arguments(self, event: JsonObject, kind: str, name: str) -> Iterator[JsonMapping]:
        item = self._item(event)
        text = event.get("delta")
        if item.call >= 0 and isinstance(text, str) and text:
            item.has_text = True
            yield self._call(item, {kind: {name: text}})

    def _noted(self, event: JsonObject) -> Iterator[JsonMapping]:
        if (told := annotation_of(event.get("annotation"), start=self._part_start)) is not None:
            self._item(event).has_notes = True
            yield self._completion.chunk({"annotations": [told]})

    def _ended(self, event: JsonObject) -> Iterator[JsonMapping]:
        item, whole = self._item(event), event.get("item")
        if not isinstance(whole, dict):
            return
        match whole.get("type"):
            case "reasoning":
                yield from self._whole_thought(item, whole)
            case "message":
                yield from self._whole_message(item, whole)
            case str(kind) if kind in WRITTEN:
                yield from self._whole_call(event, item, *WRITTEN[kind])

    def _whole_message(self, item: _Item, whole: JsonObject) -> Iterator[JsonMapping]:
        start = self._length
        told = message_of([whole], start=start - len(text_of(whole)) if item.has_text else start)
        unsaid = {"annotations"} if item.has_text else {"content", "refusal", "annotations"}
        unsaid -= {"annotations"} if item.has_notes else set()
        if fields := {name: told[name] for name in sorted(unsaid) if told.get(name)}:
            self._length += len(fields.get("content") or "")
            yield self._completion.chunk(fields)

    def _whole_thought(self, item: _Item, whole: JsonObject) -> Iterator[JsonMapping]:
        """With numbers of their own, by which clients put the pieces of lists together."""
        fields = reasoning_fields([thought_of(whole)])
        if item.has_text:
            fields.pop("reasoning_content", None)
        for detail in fields.get("reasoning_details", ()):
            detail["index"] = self._details
            self._details += 1
        if fields:
            yield self._completion.chunk(fields)

    def _whole_call(
        self, event: JsonObject, item: _Item, kind: str, name: str
    ) -> Iterator[JsonMapping]:
        """Some upstreams give a call's arguments in one piece, or the whole call, at its end."""
        if item.call < 0:
            yield from self._started(event)
        call = call_of(event["item"])
        if call is not None and item.call >= 0 and not item.has_text and call[kind][name]:
            yield self._call(item, {kind: {name: call[kind][name]}})

    def _call(self, item: _Item, call: JsonMapping) -> JsonMapping:
        return self._completion.chunk({"tool_calls": [{"index": item.call, **call}]})
