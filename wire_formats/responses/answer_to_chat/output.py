"""The output items of a response as the fields of a chat's message.

Items and parts of other types, such as the calls of built-in tools, have no place in a chat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from wire_formats.chat.completion import custom_call, tool_call
from wire_formats.chat.reasoning import OPENAI, Thought, reasoning_fields
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.json_values import as_list, as_text

BETWEEN_SUMMARIES = "\n\n"


def message_of(output: Iterable[Any], *, start: int = 0) -> JsonObject:
    """The items as the one message that a chat has, whose text may have begun: at ``start``."""
    items = [item for item in output if isinstance(item, dict)]
    parts = [part for item in items if item.get("type") == "message" for part in parts_of(item)]
    message: JsonObject = {"content": _joined(parts, "output_text", "text") or None}
    if refusal := _joined(parts, "refusal", "refusal"):
        message["refusal"] = refusal
    if annotations := list(_annotations(parts, start)):
        message["annotations"] = annotations
    message |= reasoning_fields(
        thought_of(item) for item in items if item.get("type") == "reasoning"
    )
    if calls := [call for item in items if (call := call_of(item)) is not None]:
        message["tool_calls"] = calls
    return message


def logprobs_of(output: Iterable[Any]) -> JsonObject | None:
    """``logprobs`` of the choice; None where none were asked for."""
    found = [
        each
        for item in output
        if isinstance(item, dict) and item.get("type") == "message"
        for part in parts_of(item)
        for each in as_list(part.get("logprobs"))
    ]
    return choice_logprobs(found)


def choice_logprobs(told: list[Any]) -> JsonObject | None:
    """Those of a part or an event, as a choice has them."""
    known = [_logprob(each) for each in told if _is_logprob(each)]
    return {"content": known, "refusal": None} if known else None


def parts_of(item: JsonObject) -> Iterator[JsonObject]:
    """The parts of a message that are objects."""
    return (part for part in as_list(item.get("content")) if isinstance(part, dict))


def text_of(item: JsonObject) -> str:
    """The words of a message."""
    return _joined(parts_of(item), "output_text", "text")


def call_of(item: JsonObject) -> JsonMapping | None:
    """The call that ``item`` is, of a function or of a custom tool; None if it is none."""
    kind, name = item.get("type"), item.get("name")
    call_id = item.get("call_id") or item.get("id")
    if not isinstance(name, str) or not isinstance(call_id, str):
        return None
    if kind == "function_call":
        return {**tool_call(call_id, name, _written(item.get("arguments")) or "{}")}
    if kind == "custom_tool_call":
        return custom_call(call_id, name, _written(item.get("input")))
    return None


def thought_of(item: JsonObject) -> Thought:
    """An item of reasoning: its summary, or its text where a model shows that."""
    summaries = _texts(item.get("summary"))
    texts = summaries or _texts(item.get("content"))
    return Thought(
        text=(BETWEEN_SUMMARIES if summaries else "").join(texts),
        is_summary=bool(summaries),
        sealed=as_text(item.get("encrypted_content")),
        id=as_text(item.get("id")),
        format=OPENAI,
    )


def annotation_of(note: Any, *, start: int) -> JsonObject | None:
    """A citation of a page; ``start`` is where its part begins in the text of the message."""
    match note:
        case {"type": "url_citation", "url": str(url)}:
            told: JsonObject = {"url": url, "title": as_text(note.get("title"))}
            for name in ("start_index", "end_index"):
                place = note.get(name)
                told[name] = start + place if isinstance(place, int) else start
            return {"type": "url_citation", "url_citation": told}
    return None


def _annotations(parts: Iterable[JsonObject], start: int) -> Iterator[JsonObject]:
    for part in parts:
        if part.get("type") == "output_text":
            for note in as_list(part.get("annotations")):
                if (told := annotation_of(note, start=start)) is not None:
                    yield told
            start += len(as_text(part.get("text")))


def _written(value: Any) -> str:
    """``value`` as text: some upstreams tell arguments as the object that they are."""
    return as_text(value) or (encoded_json(value).decode() if isinstance(value, dict) else "")


def _is_logprob(told: Any) -> bool:
    match told:
        case {"token": str(), "logprob": int() | float()}:
            return True
        case _:
            return False


def _logprob(told: JsonObject) -> JsonObject:
    """A chat's have ``bytes``, which some upstreams leave out of a response's."""
    tops = [
        {"bytes": None} | each for each in as_list(told.get("top_logprobs")) if _is_logprob(each)
    ]
    return {"bytes": None} | told | {"top_logprobs": tops}


def _joined(parts: Iterable[JsonObject], kind: str, name: str) -> str:
    return "".join(as_text(part.get(name)) for part in parts if part.get("type") == kind)


def _texts(parts: Any) -> list[str]:
    return [
        text
        for part in as_list(parts)
        if isinstance(part, dict) and (text := as_text(part.get("text")))
    ]
