"""From the messages of the Messages API to those of a chat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from wire_formats.errors import UnsendableError
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject
from wire_formats.messages.request_to_chat.joined_messages import JoinedMessages
from wire_formats.messages.request_to_chat.names import tool_name
from wire_formats.messages.request_to_chat.parts import (
    BLOCKS,
    Writing,
    blocks_of,
    parts_of,
    text_of,
    text_parts,
    without_billing,
)
from wire_formats.messages.request_to_chat.thoughts import (
    add_side_fields,
    earlier_thinking,
    is_forgotten,
    sign_calls,
    thinking_parts,
)
from wire_formats.messages.types import THOUGHTS
from wire_formats.unread import all_of

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionSystemMessageParam as SystemMessage
    from openai.types.chat import ChatCompletionToolMessageParam as ToolMessage
    from openai.types.chat import ChatCompletionUserMessageParam as UserMessage

    from wire_formats.chat.request_types import (
        AssistantMessage,
        FunctionCall,
        Message,
        Part,
        TextPart,
        ThinkingPart,
    )

FAILED = "Error: "
MESSAGE = all_of("role", "content", "clear_at")
UNTIL_ANSWERED = "next_user_message"  # how long a message of the system is shown


def system_messages(system: Any, writing: Writing) -> list[SystemMessage]:
    """``system``, a string or an array of text blocks, as the first messages of a chat."""
    return _system(system, writing, place="system") if system else []


def chat_messages(messages: list[Any], writing: Writing) -> list[Message]:
    """The messages of a chat: neighbours of one role become one, and results of tools many."""
    written = JoinedMessages(has_strict_roles=writing.traits.has_strict_roles)
    takes_late = writing.traits.takes_late_system
    last_of_user = _last_of_user(messages)
    for role, run in groupby(enumerate(messages), key=lambda each: _role(*each)):
        if role == "user":
            for said in _of_user(list(_blocks_in(run, writing)), written.called, writing):
                written.append(said)
            continue
        for index, message in run:
            place = f"messages.{index}"
            writing.lose_others(message, MESSAGE, "messages")
            if role == "assistant":
                for made in _of_assistant(blocks_of(message["content"], place), writing, place):
                    written.append(made)
            elif message.get("clear_at") != UNTIL_ANSWERED or index > last_of_user:
                for each in _system(message.get("content") or "", writing, place=place):
                    written.append(each if takes_late else _as_user(each))
    chat = written.messages()
    last = chat[-1] if chat else None
    if writing.traits.marks_prefill and last is not None and last["role"] == "assistant":
        last["prefix"] = True
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


def _system(content: Any, writing: Writing, *, place: str) -> list[SystemMessage]:
    parts: list[TextPart] = []
    for block in blocks_of(content, place):
        match block:
            case {"type": "text", "text": str(text)}:
                kept = without_billing(text)
                if kept != text:
                    writing.lost.append("system.x-anthropic-billing-header")
                parts += text_of(block, kept, writing, place)
            case {"type": str(kind)} if kind.startswith("tool_"):
                writing.lose(kind)
            case _:
                raise UnsendableError("Only blocks of the type `text` can stand here.", param=place)
    said = _plain_texts(parts)
    return [{"role": "system", "content": said}] if said else []


def _of_user(
    blocks: list[tuple[JsonObject, str]], called: frozenset[str], writing: Writing
) -> Iterator[ToolMessage | UserMessage]:
    """Results of tools come first: in a chat they follow the calls directly."""
    parts: list[Part] = []
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
) -> tuple[str | list[TextPart], list[Part]]:
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
        texts[-1]["cache_control"] = mark
    shown: list[Part] = [part for part in parts if part["type"] != "text"]
    if any("cache_control" in part for part in texts):
        return texts, shown
    return "\n".join(part["text"] for part in texts), shown


def _of_assistant(
    blocks: list[JsonObject], writing: Writing, place: str
) -> Iterator[AssistantMessage]:
    parts: list[Part] = []
    calls: list[FunctionCall] = []
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
    said = earlier_thinking(blocks, model=writing.model)
    content = _spoken(parts, thinking_parts(said, traits))
    message: AssistantMessage = {"role": "assistant", "content": content}
    add_side_fields(message, said, traits, has_calls=bool(calls))
    if is_forgotten(said, traits, message):
        writing.lose("thinking")
    if calls:
        message["tool_calls"] = calls
    if content or calls:
        sign_calls(message, said, traits, ids)
        yield message


def call_of(id_: str, name: str, block: JsonObject, writing: Writing) -> FunctionCall:
    """The call of a ``tool_use`` block."""
    writing.lose_others(block, BLOCKS, "messages.tool_use")
    writing.lose_mark(block)
    given = block.get("input")
    return {
        "id": writing.call_id(id_),
        "type": "function",
        "function": {"name": tool_name(name), "arguments": encoded_json(given or {}).decode()},
    }


def _spoken(
    parts: list[Part], thinking: list[ThinkingPart]
) -> str | list[TextPart | ThinkingPart] | None:
    """An assistant's texts are one text: they were written without a break."""
    texts = [part for part in parts if part["type"] == "text"]
    if any("cache_control" in part for part in texts):
        return [*thinking, *texts]
    text = "".join(part["text"] for part in texts)
    return [*thinking, *text_parts(text)] if thinking else text or None


def _plain(parts: list[Part]) -> str | list[Part] | list[TextPart]:
    """Texts alone as one string, which every upstream understands."""
    texts = [part for part in parts if part["type"] == "text"]
    return _plain_texts(texts) if len(texts) == len(parts) else parts


def _plain_texts(texts: list[TextPart]) -> str | list[TextPart]:
    if any("cache_control" in text for text in texts):
        return texts
    return "\n\n".join(text["text"] for text in texts)


def _as_user(message: SystemMessage) -> UserMessage:
    """A message of the system in the middle, for models whose prompt has it first or never."""
    text = message["content"]
    if not isinstance(text, str):
        text = "\n\n".join(part["text"] for part in text)
    return {"role": "user", "content": f"<system-reminder>\n{text}\n</system-reminder>"}
