"""From the items of a Responses input to the messages of a chat.

A chat has one message where a response has several items, and wants the results of tools right
behind the message that calls them::

    reasoning, message, function_call, function_call, output, output
        -> assistant (reasoning, text, two calls), tool, tool

What no chat can hold becomes text, or is left out and named: a conversation goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from wire_formats.chat.calls import INPUT, NO_RESULT
from wire_formats.chat.reasoning import Thought
from wire_formats.errors import UnsendableError
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject
from wire_formats.responses.request_to_chat.assistant_message import AssistantDraft
from wire_formats.responses.request_to_chat.client_tools import CALLS, RESULTS
from wire_formats.responses.request_to_chat.content import ITEMS, parts_of, plain, text_of
from wire_formats.responses.request_to_chat.tools import Tool, function_name
from wire_formats.responses.sealed import opened
from wire_formats.unread import unread

if TYPE_CHECKING:
    from wire_formats.chat.request_types import Message, Part

CALLED = frozenset({"function_call", "custom_tool_call", *CALLS})
RESULT = frozenset({"function_call_output", "custom_tool_call_output", *RESULTS})
# Read with the tools, and no part of what is said.
ABOUT_TOOLS = ("additional_tools",)
# Calls of built-in tools that tell in words what was done: the field of each.
TOLD = {"mcp_call": "output", "code_interpreter_call": "outputs", "program_output": "result"}
ROLES: dict[str, Literal["user", "assistant", "system"]] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
}


class ItemReader:
    """Reads ``items`` once, for the ``model`` that the client names.

    ``dropped`` names what the ``messages`` do without.
    """

    def __init__(self, items: list[Any], *, model: Any = None) -> None:
        self._items = items
        self._model = model
        self.messages: list[Message] = []
        self.dropped: list[str] = []
        self._assistant = AssistantDraft()
        self._results = _results_by_call(items)
        self._calls = {result: call for call, (result, _) in self._results.items()}
        self._history_ends = max(
            (place for place, item in enumerate(items) if _is_of_assistant(item)), default=-1
        )

    def read(self) -> None:
        """Fill ``messages``. Raises ``UnsendableError``."""
        for place, item in enumerate(self._items):
            if not isinstance(item, dict):
                raise UnsendableError("Each of `input` must be an object.", param=f"input.{place}")
            self._item(place, item)
            self.dropped += unread(item, ITEMS, "input")
        self._end_turn()

    def _item(self, place: int, item: JsonObject) -> None:
        match item.get("type"):
            case "message":
                self._message(place, item)
            case None if "role" in item:
                self._message(place, item)
            case "reasoning":
                self._reasoning(place, item)
            case str(kind) if kind in CALLED:
                self._call(place, item)
            case str(kind) if kind in RESULT:
                self._result(place, item)
            case "item_reference" | None:
                raise UnsendableError(
                    "This item is not kept here. Send the item itself in place of its id.",
                    param=f"input.{place}.id",
                )
            case str(kind) if kind in TOLD:
                self._assistant.texts.append(_told(kind, item))
            case kind if kind not in ABOUT_TOOLS:
                self.dropped.append(f"input.{place}")

    def _message(self, place: int, item: JsonObject) -> None:
        role = ROLES.get(str(item.get("role")))
        if role is None:
            raise UnsendableError(
                "`role` must be user, assistant, system or developer.", param=f"input.{place}.role"
            )
        dropped = self.dropped if place <= self._history_ends else None
        parts = parts_of(item.get("content"), f"input.{place}.content", dropped)
        texts = [part for part in parts if part["type"] == "text"]
        if role != "user" and len(texts) < len(parts):
            self.dropped.append(f"input.{place}.content")
        if role == "assistant":
            if text := text_of(texts):
                self._assistant.texts.append(text)
            return
        self._end_turn()
        if role == "user" and parts:
            self.messages.append({"role": "user", "content": plain(parts)})
        elif role == "system" and texts:
            self.messages.append({"role": "system", "content": text_of(texts)})

    def _reasoning(self, place: int, item: JsonObject) -> None:
        known = opened(item.get("encrypted_content"))
        if known is not None:
            self._assistant.think(known.thoughts)
            self._assistant.signatures |= known.signatures
            if known.origin.model == self._model:  # another model may not know the field
                self._assistant.reasoning_field = (
                    self._assistant.reasoning_field or known.origin.reasoning_field
                )
        elif item.get("encrypted_content"):
            self.dropped.append(f"input.{place}")  # another provider's, and for its eyes only
        elif text := _thought_text(item):
            self._assistant.think([Thought(text=text)])

    def _call(self, place: int, item: JsonObject) -> None:
        name, arguments = _function_of(item)
        if not name or not call_id_of(item):
            self.dropped.append(f"input.{place}")
            return
        self._assistant.calls[place] = {
            "id": call_id_of(item),
            "type": "function",
            "function": {"name": name, "arguments": arguments},
        }

    def _result(self, place: int, item: JsonObject) -> None:
        if place not in self._calls:
            self.dropped.append(f"input.{place}")
            self._end_turn()
            text = f"Result of an earlier tool call:\n{self._text(place, item, [])}"
            self.messages.append({"role": "user", "content": text})
        elif self._calls[place] in self._assistant.calls:
            self._end_turn()

    def _end_turn(self) -> None:
        message, self._assistant = self._assistant, AssistantDraft()
        if not (message.texts or message.calls):
            return
        self.messages.append(message.as_chat())
        pictures: list[Part] = []
        for place, call in message.calls.items():
            known = self._results.get(place)
            if known is None:
                self.dropped.append(f"input.{place}")
            content = NO_RESULT if known is None else self._text(*known, pictures)
            self.messages.append({"role": "tool", "tool_call_id": call["id"], "content": content})
        if pictures:
            self.messages.append({"role": "user", "content": pictures})

    def _text(self, place: int, item: JsonObject, pictures: list[Part]) -> str:
        """The text of a result. Its images, which a tool cannot show, go to ``pictures``."""
        if (tool := RESULTS.get(str(item.get("type")))) is not None:
            return tool.result(item)
        output = item.get("output")
        if not isinstance(output, str | list):
            return "" if output is None else encoded_json(output).decode()
        parts = parts_of(output, f"input.{place}.output", self.dropped)
        pictures += [part for part in parts if part["type"] != "text"]
        return text_of(parts)


def _results_by_call(items: list[Any]) -> dict[int, tuple[int, JsonObject]]:
    """The place and the item of each call's result, by the place of the call.

    Some upstreams give the calls of every turn the same ids, so a result is of the last call.
    """
    waiting: dict[str, int] = {}
    results = {}
    for place, item in enumerate(items):
        if _is_of(item, CALLED):
            waiting[call_id_of(item)] = place
        elif _is_of(item, RESULT) and call_id_of(item) in waiting:
            results[waiting.pop(call_id_of(item))] = (place, item)
    return results


def _is_of(item: Any, kinds: frozenset[str]) -> bool:
    return isinstance(item, dict) and str(item.get("type")) in kinds


def _is_of_assistant(item: Any) -> bool:
    return _is_of(item, CALLED) or (isinstance(item, dict) and item.get("role") == "assistant")


def call_id_of(item: JsonObject) -> str:
    """The older result of a local shell has the id of its call in the place of its own."""
    found = item.get("call_id") or item.get("id")
    return found if isinstance(found, str) else ""


def _function_of(item: JsonObject) -> tuple[str, str]:
    """The name and the arguments of the function that ``item`` calls; no name if it has none."""
    kind = str(item["type"])
    if (tool := CALLS.get(kind)) is not None:
        return tool.kind, encoded_json(tool.arguments(item)).decode()
    name, namespace = item.get("name"), item.get("namespace")
    if not isinstance(name, str):
        return "", ""
    known = Tool(
        kind="custom" if kind == "custom_tool_call" else "function",
        name=name,
        namespace=namespace if isinstance(namespace, str) else "",
    )
    if kind == "custom_tool_call":
        return function_name(known), encoded_json({INPUT: item.get("input") or ""}).decode()
    arguments: Any = item.get("arguments")
    if isinstance(arguments, str):
        return function_name(known), arguments or "{}"
    return function_name(known), encoded_json(arguments or {}).decode()


def _thought_text(item: JsonObject) -> str:
    for name in ("content", "summary"):
        parts = item.get(name)
        if isinstance(parts, list) and (text := text_of(parts_of(parts, name, []))):
            return text
    return ""


def _told(kind: str, item: JsonObject) -> str:
    """A call of a built-in tool in words."""
    shown = {
        name: item[name]
        for name in ("name", "arguments", "code", TOLD[kind], "error")
        if item.get(name)
    }
    return f"[{kind}: {encoded_json(shown).decode()}]"
