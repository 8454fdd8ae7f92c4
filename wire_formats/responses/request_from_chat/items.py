"""The messages of a chat as the input items of a response.

One message of the assistant becomes several items: its reasoning, its words, its calls. A chat's
past is taken as it is: what has no place becomes text, or is left out and named.

https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

from wire_formats.chat.calls import NO_RESULT
from wire_formats.chat.reading import (
    CALL,
    LEGACY_CALL,
    answered_until,
    further_fields,
    messages_of,
    parts_of,
    parts_with,
)
from wire_formats.chat.reasoning import FIELDS, OPENAI, Thought, thoughts_of
from wire_formats.errors import UnsendableError
from wire_formats.fitting import digest_of
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_list, as_text
from wire_formats.responses.request_from_chat.parts import BREAKPOINT, part_of, words_of
from wire_formats.unread import Fields, all_of

if TYPE_CHECKING:
    from openai.types.responses import (
        ResponseCustomToolCallOutputParam,
        ResponseCustomToolCallParam,
        ResponseFunctionToolCallParam,
        ResponseInputContentParam,
        ResponseInputItemParam,
        ResponseReasoningItemParam,
    )
    from openai.types.responses.response_input_item_param import FunctionCallOutput

    Call = ResponseFunctionToolCallParam | ResponseCustomToolCallParam
    Parts = list[ResponseInputContentParam]

Kind = Literal["function_call", "custom_tool_call"]
LONGEST_ID = 64
EXPRESSED: Fields = {
    **all_of("role", "tool_call_id", "refusal", *FIELDS),
    "content": parts_with(BREAKPOINT),
    "tool_calls": CALL,
    "function_call": LEGACY_CALL,
}
# Of a message that becomes one text.
SPOKEN: Fields = {**EXPRESSED, "content": parts_with()}


@dataclass(slots=True)
class Items:
    """Reads messages one by one. ``dropped`` names what the ``items`` do without."""

    items: list[ResponseInputItemParam] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    _kinds: dict[str, Kind] = field(default_factory=dict)  # of the calls so far, by their ids
    _answered: set[str] = field(default_factory=set)
    _legacy: int = 0  # calls without an id, which are answered one after another

    def read(self, messages: list[JsonObject], *, first: int = 0) -> None:
        """Add the items of ``messages``, which begin at the place ``first`` of the request.

        Raises :class:`UnsendableError`.
        """
        past = answered_until(messages)
        self._answered |= {
            short_id(id_)
            for message in messages
            if message["role"] == "tool" and isinstance(id_ := message.get("tool_call_id"), str)
        }
        for place, message in enumerate(messages):
            self._message(message, f"messages.{first + place}", is_past=place < past)
            is_spoken = message["role"] == "assistant"
            self.dropped += further_fields(message, SPOKEN if is_spoken else EXPRESSED)

    def _message(self, message: JsonObject, place: str, *, is_past: bool) -> None:
        match message["role"]:
            case "assistant":
                self._assistant(message)
            case "tool" | "function":
                self._result(message)
            case "user" | "system" | "developer" as role:
                content = list(self._parts(message, place, is_past=is_past))
                if content:
                    self.items.append({"type": "message", "role": role, "content": content})
            case role:
                raise UnsendableError(
                    f"The upstream accepts no messages of the role `{role[:50]}`.",
                    param=f"{place}.role",
                )

    def _parts(
        self, message: JsonObject, place: str, *, is_past: bool
    ) -> Iterator[ResponseInputContentParam]:
        for index, part in enumerate(parts_of(message)):
            if (written := part_of(part)) is not None:
                yield written
            elif is_past or message["role"] != "user":
                self.dropped.append("messages.content")
            else:
                kind = str(part.get("type"))[:50]
                raise UnsendableError(
                    f"The upstream accepts no parts of the type `{kind}`.",
                    param=f"{place}.content.{index}",
                )

    def _assistant(self, message: JsonObject) -> None:
        calls = list(self._calls(message))
        text = words_of(message, self.dropped)
        if text or calls:
            self._reasoning(message)
        if text:
            self.items.append({"role": "assistant", "content": text})
        for call in calls:
            self.items.append(call)
            if call["call_id"] not in self._answered and not call["call_id"].startswith("legacy_"):
                self.dropped.append("messages.tool_calls")
                self.items.append(_output(call["type"], call["call_id"], NO_RESULT))

    def _reasoning(self, message: JsonObject) -> None:
        """Only what can be read without anything kept: a response of a chat is kept nowhere."""
        thoughts = thoughts_of(message)
        own = [each for each in thoughts if each.sealed and each.format in (OPENAI, "")]
        self.items += map(_reasoning_item, own)
        if len(own) < len(thoughts):
            self.dropped += [f"messages.{name}" for name in sorted(FIELDS) if message.get(name)]

    def _calls(self, message: JsonObject) -> Iterator[Call]:
        for call in as_list(message.get("tool_calls")):
            if (item := self._call(call)) is not None:
                yield item
            else:
                self.dropped.append("messages.tool_calls")
        match message.get("function_call"):
            case {"name": str(name), **function}:
                yield self._legacy_call(name, function.get("arguments"))

    def _call(self, call: Any) -> Call | None:
        id_ = call.get("id") if isinstance(call, dict) else None
        if not isinstance(id_, str) or not id_:
            return None
        call_id = short_id(id_)
        match call:
            case {"function": {"name": str(name), **function}}:
                self._kinds[call_id] = "function_call"
                arguments = _arguments(function.get("arguments"))
                return _function_call(call_id, name, arguments)
            case {"custom": {"name": str(name), **custom}}:
                self._kinds[call_id] = "custom_tool_call"
                return {
                    "type": "custom_tool_call",
                    "name": name,
                    "input": as_text(custom.get("input")),
                    "call_id": call_id,
                }
        return None

    def _legacy_call(self, name: str, arguments: Any) -> Call:
        self._legacy += 1
        call_id = f"legacy_{self._legacy}"
        self._kinds[call_id] = "function_call"
        return _function_call(call_id, name, _arguments(arguments))

    def _result(self, message: JsonObject) -> None:
        id_ = message.get("tool_call_id")
        call_id = short_id(id_) if isinstance(id_, str) else f"legacy_{self._legacy}"
        output = self._output(message)
        if call_id in self._kinds:
            self.items.append(_output(self._kinds[call_id], call_id, output))
            return
        self.dropped.append("messages.tool_call_id")
        texts: Parts = [{"type": "input_text", "text": "Result of an earlier tool call:"}]
        if isinstance(output, str):
            texts.append({"type": "input_text", "text": output})
        else:
            texts += output
        self.items.append({"type": "message", "role": "user", "content": texts})

    def _output(self, message: JsonObject) -> str | Parts:
        """The text of a result, or its parts if it has others than texts."""
        content = message.get("content")
        if content is None or isinstance(content, str):
            return content or ""
        if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
            return encoded_json(content).decode()  # a tool may say anything
        parts = list(self._parts(message, "", is_past=True))
        texts = [part["text"] for part in parts if part["type"] == "input_text"]
        is_plain = len(texts) == len(parts) and not any(BREAKPOINT in part for part in parts)
        return "\n".join(texts) if is_plain else parts


def read_items(body: JsonObject, *, skipped: int) -> Items:
    """The items of a chat's messages but for the first ``skipped``."""
    items = Items()
    items.read(list(messages_of(body))[skipped:], first=skipped)
    return items


def unsaid(messages: list[JsonObject]) -> Iterator[str]:
    """The names of what is lost where each of ``messages`` becomes one text."""
    for message in messages:
        yield from further_fields(message, SPOKEN)


def short_id(id_: str) -> str:
    """The same for every mention of ``id_``: OpenAI refuses those of over 64 characters."""
    if 0 < len(id_) <= LONGEST_ID:
        return id_
    return f"call_{digest_of(id_, 32)}"


def _reasoning_item(thought: Thought) -> ResponseReasoningItemParam:
    """The SDK demands an id, the API does not."""
    summary = [{"type": "summary_text", "text": thought.text}] if thought.text else []
    item = {"type": "reasoning", "summary": summary, "encrypted_content": thought.sealed}
    if 0 < len(thought.id) <= LONGEST_ID:
        item["id"] = thought.id
    return cast("ResponseReasoningItemParam", item)


def _function_call(call_id: str, name: str, arguments: str) -> ResponseFunctionToolCallParam:
    return {"type": "function_call", "name": name, "arguments": arguments, "call_id": call_id}


def _output(
    kind: Kind, call_id: str, output: str | Parts
) -> FunctionCallOutput | ResponseCustomToolCallOutputParam:
    told: Any = output  # the SDK has other names for the same parts here
    if kind == "custom_tool_call":
        return {"type": "custom_tool_call_output", "call_id": call_id, "output": told}
    return {"type": "function_call_output", "call_id": call_id, "output": told}


def _arguments(arguments: Any) -> str:
    if isinstance(arguments, str):
        return arguments or "{}"
    return "{}" if arguments is None else encoded_json(arguments).decode()
