"""The messages of a chat as Ollama's: text, images and thinking, and calls with objects.

A chat's past is taken as it is: what has no place is left out and named, and never fails a
conversation for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.chat.calls import arguments_object, called_with, calls_in
from wire_formats.chat.reading import (
    CALL,
    LEGACY_CALL,
    RESULT_ROLES,
    SYSTEM_ROLES,
    TEXT_PARTS,
    Image,
    answered_until,
    further_fields,
    messages_of,
    parts_of,
    parts_with,
)
from wire_formats.chat.reasoning import FIELDS, reasoning_text, thoughts_of
from wire_formats.errors import UnsendableError
from wire_formats.json_cost import Budget
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_text
from wire_formats.ollama.types import Message, ToolCall
from wire_formats.unread import Among, Fields, all_of

EXPRESSED: Fields = {
    **all_of("role", "tool_call_id", "refusal", *FIELDS),
    "content": parts_with(detail=Among(("auto",))),
    "tool_calls": CALL,
    "function_call": LEGACY_CALL,
}


class Messages:
    """Reads the messages of ``body``; ``dropped`` names what they do without."""

    def __init__(self, body: JsonObject) -> None:
        self._messages = list(messages_of(body))
        self._names: dict[str, str] = {}  # of the functions called so far, by the id of the call
        self.dropped: list[str] = []
        self._budget = Budget()

    def written(self) -> list[Message]:
        """Ollama's messages. Raises :class:`UnsendableError`."""
        past = answered_until(self._messages)
        written = []
        for place, message in enumerate(self._messages):
            is_past = place < past or message["role"] != "user"
            written.append(self._message(message, f"messages.{place}", is_past=is_past))
            self.dropped += further_fields(message, EXPRESSED)
        return written

    def _message(self, message: JsonObject, place: str, *, is_past: bool) -> Message:
        role = message["role"]
        texts, images = self._content(message, place, is_past=is_past)
        if isinstance(refusal := message.get("refusal"), str):
            texts.append(refusal)
        written: Message = {"role": role, "content": "\n".join(texts)}
        if images:
            written["images"] = images
        if role in SYSTEM_ROLES:
            written["role"] = "system"
        elif role == "assistant":
            if thinking := self._thinking(message):
                written["thinking"] = thinking
            if calls := self._calls(message):
                written["tool_calls"] = calls
        elif role in RESULT_ROLES:
            self._mark_as_result(written, message)
        return written

    def _content(
        self, message: JsonObject, place: str, *, is_past: bool
    ) -> tuple[list[str], list[str]]:
        content: Any = message.get("content")
        if message["role"] in RESULT_ROLES and not _is_readable(content):
            return [encoded_json(content).decode()], []  # a tool may say anything
        texts: list[str] = []
        images: list[str] = []
        for index, part in enumerate(parts_of(message)):
            try:
                _add(part, texts, images)
            except UnsendableError as exc:
                if not is_past:
                    at = f"{place}.content.{index}"
                    raise UnsendableError(exc.message, param=at) from exc
                if part.get("type") != "thinking":
                    self.dropped.append("messages.content")
        return texts, images

    def _thinking(self, message: JsonObject) -> str:
        """All that was thought, whoever it was: it is text alone, which nobody has signed."""
        thoughts = thoughts_of(message)
        if any(each.sealed for each in thoughts):
            self.dropped.append("messages.reasoning_details")
        return "".join(each.text for each in thoughts) or reasoning_text(message)

    def _calls(self, message: JsonObject) -> list[ToolCall]:
        return [call for each in calls_in(message) if (call := self._call(each)) is not None]

    def _call(self, call: Any) -> ToolCall | None:
        called = called_with(call)
        if called is None:
            self.dropped.append("messages.tool_calls")
            return None
        name, arguments = called
        given, is_sound = arguments_object(arguments, self._budget)
        if not is_sound:
            self.dropped.append("messages.tool_calls")
        id_ = as_text(call.get("id"))
        self._names[id_] = name
        written: ToolCall = {"function": {"name": name, "arguments": given}}
        if id_:
            written["id"] = id_
        return written

    def _mark_as_result(self, written: Message, message: JsonObject) -> None:
        id_ = as_text(message.get("tool_call_id"))
        written["role"] = "tool"
        written["tool_name"] = self._names.get(id_) or as_text(message.get("name"))
        if id_:
            written["tool_call_id"] = id_


def _is_readable(content: Any) -> bool:
    if isinstance(content, list):
        return all(isinstance(part, dict) for part in content)
    return content is None or isinstance(content, str)


def functions_of(tools: Any, dropped: list[str]) -> Iterator[JsonObject]:
    """The tools that Ollama knows: functions."""
    for place, tool in enumerate(tools if isinstance(tools, list) else ()):
        match tool:
            case {"type": "function", "function": {"name": str()}}:
                yield tool
            case {"type": "function", "name": str()}:  # as for a response
                function = {name: value for name, value in tool.items() if name != "type"}
                yield {"type": "function", "function": function}
            case _:
                dropped.append(f"tools.{place}")


def _add(part: JsonObject, texts: list[str], images: list[str]) -> None:
    """Take a part into ``texts`` or ``images``. Raises :class:`UnsendableError`."""
    kind, text = str(part.get("type")), part.get("text")
    if kind in TEXT_PARTS and isinstance(text, str):
        texts.append(text)
    elif kind in {"image_url", "input_image"}:
        images.append(_base64(part))
    else:
        raise UnsendableError(f"Ollama accepts no parts of the type `{kind[:50]}`.")


def _base64(part: JsonObject) -> str:
    image = Image.of(part)
    if image.url:
        raise UnsendableError("`image_url` must be a data URL: Ollama fetches no images.")
    return image.base64
