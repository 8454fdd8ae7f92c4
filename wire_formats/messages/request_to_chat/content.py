"""From the messages of the Messages API to those of a chat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from wire_formats.errors import UnsendableError
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject
from wire_formats.messages.request_to_chat.names import tool_name
from wire_formats.messages.request_to_chat.parts import (
    BLOCKS,
    Writing,
    blocks_of,
    parts_of,
    text_parts,
    without_billing,
)
from wire_formats.messages.request_to_chat.thoughts import (
    is_forgotten,
    recalled,
    side_fields,
    sign_calls,
    thinking_parts,
)
from wire_formats.messages.request_to_chat.turns import Turns
from wire_formats.messages.types import THOUGHTS
from wire_formats.unread import all_of

FAILED = "Error: "
MESSAGE = all_of("role", "content", "clear_at")
UNTIL_ANSWERED = "next_user_message"  # how long a message of the system is shown


def system_messages(system: Any, writing: Writing) -> list[JsonObject]:
    """``system``, a string or an array of text blocks, as the first messages of a chat."""
    return _system(system, writing, place="system") if system else []


def chat_messages(messages: list[Any], writing: Writing) -> list[JsonObject]:
    """The messages of a chat: neighbours of one role become one, and results of tools many."""
    written = Turns(has_strict_roles=writing.traits.has_strict_roles)
    takes_late = writing.traits.takes_late_system
    last_of_user = _last_of_user(messages)
    for role, run in groupby(enumerate(messages), key=lambda each: _role(*each)):
        if role == "user":
            for each in _of_user(list(_blocks_in(run, writing)), written.called, writing):
                written.append(each)
            continue
        for index, message in run:
            place = f"messages.{index}"
            writing.lose_others(message, MESSAGE, "messages")
            if role == "assistant":
                for each in _of_assistant(blocks_of(message["content"], place), writing, place):
                    written.append(each)
            elif message.get("clear_at") != UNTIL_ANSWERED or index > last_of_user:
                for each in _system(message.get("content") or "", writing, place=place):
                    written.append(each if takes_late else _as_user(each))
    chat = written.messages()
    if writing.traits.marks_prefill and chat and chat[-1]["role"] == "assistant":
        chat[-1]["prefix"] = True
    return chat


def _role(index: int, message: Any) -> str:
    match message:
        case {"role": "user", "content": _}:
            return "user"
        case {"role": "assistant", "content": _}:
            return "assistant"
        case {"role": "system"}:
            return "system"
        case _:
            raise UnsendableError(
                "A message needs a `role` (user or assistant) and `content`.",
                param=f"messages.{index}",
            )


def _blocks_in(
    run: Iterable[tuple[int, Any]], writing: Writing
) -> Iterator[tuple[JsonObject, str]]:
    """The blocks of neighbouring messages, each with the place of its message."""
    for index, message in run:
        place = f"messages.{index}"
        writing.lose_others(message, MESSAGE, "messages")
        for block in blocks_of(message["content"], place):
            yield block, place


def _last_of_user(messages: list[Any]) -> int:
    """The place of the user's last message; -1 if there is none."""
    places = (
        place
        for place, each in enumerate(messages)
        if isinstance(each, dict) and each.get("role") == "user"
    )
    return max(places, default=-1)


def _system(content: Any, writing: Writing, *, place: str) -> list[JsonObject]:
    parts: list[JsonObject] = []
    for block in blocks_of(content, place):
        match block:
            case {"type": "text", "text": str(text)}:
                kept = without_billing(text)
                if kept != text:
                    writing.lost.append("system.x-anthropic-billing-header")
                parts += parts_of(block | {"text": kept}, writing, place)
            case {"type": str(kind)} if kind.startswith("tool_"):
                writing.lose(kind)
            case _:
                raise UnsendableError("Only blocks of the type `text` can stand here.", param=place)
    content = _plain(parts)
    return [{"role": "system", "content": content}] if content else []


def _of_user(
    blocks: list[tuple[JsonObject, str]], called: frozenset[str], writing: Writing
) -> Iterator[JsonObject]:
    """Results of tools come first: in a chat they follow the calls directly."""
    parts: list[JsonObject] = []
    for block, place in blocks:
        if block.get("type") != "tool_result":
            parts += parts_of(block, writing, place)
            continue
        id_ = writing.call_id(str(block.get("tool_use_id")))
        content, shown = result_of(block, writing, place)
        if id_ in called:
            yield {"role": "tool", "tool_call_id": id_, "content": content}
        else:  # a chat with a result of no call is refused
            writing.lose("tool_use_id")
            parts += text_parts(content) if isinstance(content, str) else content
        parts += shown
    if parts:
        yield {"role": "user", "content": _plain(parts)}


def result_of(
    block: JsonObject, writing: Writing, place: str
) -> tuple[str | list[JsonObject], list[JsonObject]]:
    """What a tool's result says, and its images, which a tool cannot show in a chat."""
    writing.lose_others(block, BLOCKS, "messages.tool_result")
    inner = blocks_of(block.get("content") or "", place)
    parts = [part for each in inner for part in parts_of(each, writing, place)]
    texts = [part for part in parts if part["type"] == "text"]
    if block.get("is_error") is True:
        said = texts[0]["text"] if texts else ""
        if not said.lower().startswith("error"):
            texts = [*text_parts(FAILED + said), *texts[1:]]
    mark = block.get("cache_control")
    writing.lose_mark(block, is_kept=bool(texts))
    if texts and isinstance(mark, dict) and writing.traits.keeps_cache_marks:
        texts[-1] |= {"cache_control": mark}
    shown = [part for part in parts if part["type"] != "text"]
    if any("cache_control" in part for part in texts):
        return texts, shown
    return "\n".join(part["text"] for part in texts), shown


def _of_assistant(blocks: list[JsonObject], writing: Writing, place: str) -> Iterator[JsonObject]:
    parts: list[JsonObject] = []
    calls: list[JsonObject] = []
    ids: list[str] = []
    for block in blocks:
        match block:
            case {"type": "tool_use", "id": str(id_), "name": str(name)}:
                calls.append(call_of(id_, name, block, writing))
                ids.append(id_)
            case {"type": str(kind)} if kind in THOUGHTS:
                writing.lose_others(block, BLOCKS, f"messages.{kind}")
            case {"type": "image" | "document" as kind}:
                writing.lose(kind)  # an assistant of a chat cannot show any
            case _:
                parts += parts_of(block, writing, place)
    traits = writing.traits
    said = recalled(blocks, model=writing.model)
    fields = side_fields(said, traits, has_calls=bool(calls))
    if is_forgotten(said, traits, fields):
        writing.lose("thinking")
    content = _spoken(parts, thinking_parts(said, traits))
    message: JsonObject = {"role": "assistant", "content": content, **fields}
    if calls:
        message["tool_calls"] = calls
    if content or calls:
        sign_calls(message, said, traits, ids)
        yield message


def call_of(id_: str, name: str, block: JsonObject, writing: Writing) -> JsonObject:
    """The call of a ``tool_use`` block."""
    writing.lose_others(block, BLOCKS, "messages.tool_use")
    writing.lose_mark(block)
    given = block.get("input")
    return {
        "id": writing.call_id(id_),
        "type": "function",
        "function": {"name": tool_name(name), "arguments": encoded_json(given or {}).decode()},
    }


def _spoken(parts: list[JsonObject], thinking: list[JsonObject]) -> str | list[JsonObject] | None:
    """An assistant's texts are one text: they were written without a break."""
    if any("cache_control" in part for part in parts):
        return thinking + parts
    text = "".join(part["text"] for part in parts)
    return thinking + text_parts(text) if thinking else text or None


def _plain(parts: list[JsonObject]) -> str | list[JsonObject]:
    """Texts alone as one string, which every upstream understands."""
    if any(part["type"] != "text" or "cache_control" in part for part in parts):
        return parts
    return "\n\n".join(part["text"] for part in parts)


def _as_user(message: JsonObject) -> JsonObject:
    """A message of the system in the middle, for models whose prompt has it first or never."""
    text = message["content"]
    if not isinstance(text, str):
        text = "\n\n".join(part["text"] for part in text)
    return {"role": "user", "content": f"<system-reminder>\n{text}\n</system-reminder>"}
