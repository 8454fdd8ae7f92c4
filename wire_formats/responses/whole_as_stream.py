"""A whole response of OpenAI's told as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.json_types import JsonObject
from wire_formats.sse import typed_event

ENDINGS = ("completed", "incomplete", "failed")
# The fields of a response, an item or a part that are known only at its end.
LATER: JsonObject = {
    "completed_at": None,
    "error": None,
    "incomplete_details": None,
    "output": [],
    "usage": None,
}
# The fields that are streamed, by the type of the item or the part: the field, and its events.
WRITTEN = {
    "function_call": ("arguments", "function_call_arguments"),
    "custom_tool_call": ("input", "custom_tool_call_input"),
    "mcp_call": ("arguments", "mcp_call_arguments"),
    "output_text": ("text", "output_text"),
    "refusal": ("refusal", "refusal"),
    "reasoning_text": ("text", "reasoning_text"),
    "summary_text": ("text", "reasoning_summary_text"),
}
# The lists that items hold: the name of the place in one, and its events.
PARTS = {
    "summary": ("summary_index", "reasoning_summary_part"),
    "content": ("content_index", "content_part"),
}

Told = tuple[str, JsonObject]


def response_events(answer: JsonObject, *, first: int = 0) -> bytes:
    """The events of a response from the one of the number ``first``.

    Empty if ``answer`` is none, or one that has not ended.
    """
    ending = "failed" if answer.get("error") else answer.get("status") or "completed"
    items: Any = answer.get("output")
    if items is None and ending == "failed":
        items = []
    if answer.get("object") != "response" or ending not in ENDINGS or not _is_objects(items):
        return b""
    return b"".join(
        typed_event(f"response.{kind}", sequence_number=number, **fields)
        for number, (kind, fields) in enumerate(_events(answer, items, ending))
        if number >= first
    )


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _events(answer: JsonObject, items: list[JsonObject], ending: str) -> Iterator[Told]:
    begun = {"response": answer | LATER | {"status": "in_progress"}}
    yield "created", begun
    yield "in_progress", begun
    for index, item in enumerate(items):
        at = {"output_index": index}
        yield "output_item.added", at | {"item": _begun(item)}
        yield from _inside(item, at | {"item_id": item.get("id") or ""})
        yield "output_item.done", at | {"item": item}
    yield ending, {"response": answer}


def _inside(item: JsonObject, at: JsonObject) -> Iterator[Told]:
    yield from _written(item, at)
    for field, (index, events) in PARTS.items():
        for place, part in enumerate(item[field] if _is_objects(item.get(field)) else ()):
            here = at | {index: place}
            yield f"{events}.added", here | {"part": _begun(part)}
            yield from _written(part, here)
            yield f"{events}.done", here | {"part": part}


def _written(whole: JsonObject, here: JsonObject) -> Iterator[Told]:
    """The text of an item or a part, if it has one, and what is noted of that."""
    field, events = WRITTEN.get(str(whole.get("type")), ("", ""))
    text = whole.get(field)
    if not isinstance(text, str):
        return
    logprobs = {"logprobs": whole.get("logprobs") or []} if events == "output_text" else {}
    if text:
        yield f"{events}.delta", here | logprobs | {"delta": text}
    notes = whole.get("annotations")
    for place, note in enumerate(notes if isinstance(notes, list) else ()):
        yield f"{events}.annotation.added", here | {"annotation_index": place, "annotation": note}
    yield f"{events}.done", here | logprobs | {field: text}


def _begun(whole: JsonObject) -> JsonObject:
    """An item or a part of which nothing is written yet."""
    field, _ = WRITTEN.get(str(whole.get("type")), ("", ""))
    empty = {"status": "in_progress", "annotations": [], "logprobs": [], field: ""}
    empty |= {name: [] for name in PARTS if _is_objects(whole.get(name))}
    return whole | {name: value for name, value in empty.items() if name in whole}
