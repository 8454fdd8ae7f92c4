"""From a request of the Responses API to one for chat completions.

A field that a chat cannot hold is refused, by its place, if the request means nothing without
it. A field that only tunes the response is left out, and named to the client.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wire_formats.errors import UnsendableError
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject
from wire_formats.responses.request_to_chat.items import ItemReader
from wire_formats.responses.request_to_chat.options import (
    add_translated_options,
    is_told,
    left_out,
    same_options,
)
from wire_formats.responses.request_to_chat.tools import Tools, check_missing, tool_choice

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionSystemMessageParam as SystemMessage

    from wire_formats.chat.request_types import Message, RequestFields

CLIENT_NOTES = "client_metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """``body`` is the chat; ``dropped`` names what it does without; ``tools`` explain its calls."""

    body: JsonObject
    tools: Tools
    dropped: tuple[str, ...] = ()

    @property
    def calls(self) -> frozenset[str]:
        """The ids of the calls in its history."""
        return frozenset(
            call["id"]
            for message in self.body["messages"]
            for call in message.get("tool_calls", ())
        )


def chat_request(body: JsonObject) -> ChatRequest:
    """``body`` as a chat. Raises ``UnsendableError`` for what no chat can do."""
    _check_possible(body)
    # The response repeats it, and what is nested too deeply cannot be written.
    encoded_json({name: value for name, value in body.items() if name != "input"})
    items = items_of(body)
    reader = ItemReader(items, model=body.get("model"))
    reader.read()
    tools = _tools(body, items)
    chat: RequestFields = {"messages": _with_system(body.get("instructions"), reader.messages)}
    _add_tools(chat, body, tools)
    add_translated_options(chat, body)
    dropped = (*left_out(body), *tools.missing, *tools.unread, *reader.dropped)
    return ChatRequest(
        body={**same_options(body), **chat}, tools=tools, dropped=tuple(dict.fromkeys(dropped))
    )


def items_of(body: JsonObject) -> list[Any]:
    """The items of ``input``, which may be a string."""
    given = body.get("input")
    if isinstance(given, str):
        return [{"role": "user", "content": given}] if given else []
    if given is None:
        return []
    if not isinstance(given, list):
        raise UnsendableError("`input` must be a string or an array.", param="input")
    return given


def without_needless_ids(body: JsonObject) -> JsonObject:
    """``body`` with no id at reasoning that says all there is, and so need not be looked up."""
    items = body.get("input")
    if not isinstance(items, list) or not any(map(_is_told_reasoning, items)):
        return body
    kept = [
        {k: v for k, v in item.items() if k != "id"} if _is_told_reasoning(item) else item
        for item in items
    ]
    return body | {"input": kept}


def _is_told_reasoning(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and item.get("type") == "reasoning"
        and bool(item.get("content") or item.get("summary"))
        and "id" in item
    )


def without_notes(body: JsonObject) -> JsonObject:
    """``body`` without what Codex notes of itself, which names threads and sessions of its own.

    No upstream but its own needs it, and to the guards it looks like objects of an account.
    """
    if CLIENT_NOTES not in body:
        return body
    return {name: value for name, value in body.items() if name != CLIENT_NOTES}


def _check_possible(body: JsonObject) -> None:
    if body.get("background") is True:
        raise UnsendableError(
            "The upstream cannot answer in the background. Leave `background` out.",
            param="background",
        )
    if is_told(body, "prompt"):
        raise UnsendableError(
            "The upstream keeps no prompts. Give `instructions` and `input`.", param="prompt"
        )


def _with_system(instructions: Any, messages: list[Message]) -> list[Message]:
    """All that stands before the conversation in one message: some upstreams take no second."""
    if not isinstance(instructions, str | None):
        raise UnsendableError("`instructions` must be a string.", param="instructions")
    texts = [instructions] if instructions else []
    leading = next((n for n, it in enumerate(messages) if it["role"] != "system"), len(messages))
    contents = [message["content"] for message in messages[:leading]]
    texts += [content for content in contents if isinstance(content, str)]  # which they all are
    system: SystemMessage = {"role": "system", "content": "\n\n".join(texts)}
    return [system, *messages[leading:]] if texts else messages[leading:]


def _tools(body: JsonObject, items: list[Any]) -> Tools:
    tools = Tools()
    given = body.get("tools")
    if not isinstance(given, list | None):
        raise UnsendableError("`tools` must be an array.", param="tools")
    tools.add(given or (), "tools")
    for place, item in enumerate(items):
        match item:
            case {"type": "additional_tools" | "tool_search_output", "tools": list(more)}:
                tools.add(more, f"input.{place}.tools")
    return tools


def _add_tools(chat: RequestFields, body: JsonObject, tools: Tools) -> None:
    choice = body.get("tool_choice")
    if choice != "none":
        check_missing(tools)
    if not tools.functions:
        return
    chat["tools"] = tools.functions
    if choice is not None:
        chat["tool_choice"], chat["tools"] = tool_choice(choice, tools)
