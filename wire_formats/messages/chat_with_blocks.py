"""A chat with Anthropic's blocks and tools in it, which is how Cursor asks for Claude.

Only what no chat has is put in a chat's form. All else stays as it is, also beside it in the same
message.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.json_values import as_list
from wire_formats.messages.request_to_chat.chat_traits import PLAIN
from wire_formats.messages.request_to_chat.content import call_of, result_of, system_messages
from wire_formats.messages.request_to_chat.parts import Writing, parts_of
from wire_formats.messages.request_to_chat.tools import choice_of, functions_of
from wire_formats.payload import Payload

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionToolMessageParam as ToolMessage

FOREIGN = frozenset({"tool_use", "tool_result", "search_result", "redacted_thinking"})
CHOICES = ("auto", "any", "none", "tool")


def has_blocks(body: JsonObject) -> bool:
    """Whether anything in ``body`` is of Anthropic's form: a tool, the choice of one, a block."""
    return (
        any(map(_is_tool, as_list(body.get("tools"))))
        or _is_choice(body.get("tool_choice"))
        or any(map(_is_foreign, as_list(body.get("messages"))))
    )


def chat_with_blocks(body: JsonObject) -> Payload:
    """``body`` as a chat, and what it does without.

    Raises ``UnsendableError`` for a block, a tool or a choice that is none.
    """
    writing = Writing(model=str(body.get("model")))
    chat = {name: value for name, value in body.items() if name not in {"system", "tool_choice"}}
    if isinstance(body.get("messages"), list):
        chat["messages"] = [
            *system_messages(body.get("system"), writing),
            *(each for message in _numbered(body) for each in _messages(*message, writing)),
        ]
    tools = [each for tool in as_list(body.get("tools")) for each in _tools(tool, writing.lost)]
    if tools:
        chat["tools"] = tools
    if _is_choice(body.get("tool_choice")):
        functions = [tool for tool in tools if _is_function(tool)]
        chat |= choice_of(body["tool_choice"], functions, writing.lost)
    elif "tool_choice" in body:
        chat["tool_choice"] = body["tool_choice"]
    return Payload(chat, tuple(dict.fromkeys(writing.lost)))


def _numbered(body: JsonObject) -> Iterator[tuple[str, Any]]:
    return ((f"messages.{n}", message) for n, message in enumerate(as_list(body.get("messages"))))


def _is_tool(tool: Any) -> bool:
    return isinstance(tool, dict) and isinstance(tool.get("input_schema"), dict)


def _is_function(tool: Any) -> bool:
    match tool:
        case {"function": {"name": str()}}:
            return True
        case _:
            return False


def _is_choice(choice: Any) -> bool:
    """OpenAI's own choices are strings, or objects of the types of tools."""
    return isinstance(choice, dict) and choice.get("type") in CHOICES


def _is_foreign(message: Any) -> bool:
    content = message.get("content") if isinstance(message, dict) else None
    return isinstance(content, list) and any(map(_is_foreign_block, content))


def _is_foreign_block(block: Any) -> bool:
    """Others' chats have parts of these types, too: Mistral's think in an array of parts."""
    match block:
        case {"type": "image" | "document", "source": dict()}:
            return True
        case {"type": "thinking", "thinking": str()}:
            return True
        case {"type": str(kind)}:
            return kind in FOREIGN
        case _:
            return False


def _tools(tool: Any, lost: list[str]) -> list[Any]:
    return functions_of([tool], PLAIN, lost) if _is_tool(tool) else [tool]


def _messages(place: str, message: Any, writing: Writing) -> Iterator[JsonMapping]:
    if not _is_foreign(message):
        yield message
    elif message.get("role") == "assistant":
        yield _of_assistant(message, writing)
    else:
        yield from _of_user(message, writing, place)


def _of_user(
    message: JsonObject, writing: Writing, place: str
) -> Iterator[JsonObject | ToolMessage]:
    """Results of tools come first: in a chat they follow the calls directly."""
    parts: list[Any] = []
    for block in message["content"]:
        if not _is_foreign_block(block):
            parts.append(block)
        elif block["type"] == "tool_result":
            id_ = writing.call_id(str(block.get("tool_use_id")))
            content, shown = result_of(block, writing, place)
            yield {"role": "tool", "tool_call_id": id_, "content": content}
            parts += shown
        else:
            parts += parts_of(block, writing, place)
    if parts:
        yield message | {"content": parts}


def _of_assistant(message: JsonObject, writing: Writing) -> JsonObject:
    parts: list[Any] = []
    thoughts: list[JsonObject] = []
    calls = [*as_list(message.get("tool_calls"))]
    for block in message["content"]:
        match block:
            case {"type": "tool_use", "id": str(id_), "name": str(name)}:
                calls.append(call_of(id_, name, block, writing))
            case {"type": "thinking" | "redacted_thinking"} if _is_foreign_block(block):
                thoughts.append(block)
            case {"type": str(kind)} if _is_foreign_block(block):
                writing.lose(kind)  # an assistant of a chat can neither show nor get any
            case _:
                parts.append(block)
    made = message | {"content": _spoken(parts)}
    if calls:
        made["tool_calls"] = calls
    if thoughts:
        made["thinking_blocks"] = thoughts
    return made


def _spoken(parts: list[Any]) -> Any:
    """Texts alone as one string, which every upstream understands; null where nothing is said."""
    if all(isinstance(part, dict) and {*part} == {"type", "text"} for part in parts):
        return "".join(str(part["text"]) for part in parts) or None
    return parts
