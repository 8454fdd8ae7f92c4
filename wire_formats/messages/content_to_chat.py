"""From the messages of the Messages API to those of a chat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wire_formats.errors import UnsendableError
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject

if TYPE_CHECKING:
    from openai.types.chat import (
        ChatCompletionAssistantMessageParam,
        ChatCompletionContentPartParam,
        ChatCompletionMessageFunctionToolCallParam,
        ChatCompletionMessageParam,
        ChatCompletionSystemMessageParam,
        ChatCompletionToolMessageParam,
        ChatCompletionUserMessageParam,
    )

# A model's own thoughts, signed for its provider alone; no other could use them.
THOUGHTS = frozenset({"thinking", "redacted_thinking"})


def system_messages(system: Any) -> list[ChatCompletionSystemMessageParam]:
    """``system``, a string or an array of text blocks, as the first messages of a chat."""
    text = _text_of(system, place="system") if system else ""
    return [{"role": "system", "content": text}] if text else []


def chat_messages(messages: list[Any]) -> Iterator[ChatCompletionMessageParam]:
    """Each message as one of a chat, or as several where it holds the results of tools."""
    for place, message in enumerate(messages):
        match message:
            case {"role": "user", "content": content}:
                yield from _of_user(_blocks(content, f"messages.{place}"), f"messages.{place}")
            case {"role": "assistant", "content": content}:
                yield _of_assistant(_blocks(content, f"messages.{place}"), f"messages.{place}")
            case {"role": "system", "content": content}:
                yield {"role": "system", "content": _text_of(content, place=f"messages.{place}")}
            case _:
                raise UnsendableError(
                    "A message needs a `role` (user or assistant) and `content`.",
                    param=f"messages.{place}",
                )


def _of_user(
    blocks: list[JsonObject], place: str
) -> Iterator[ChatCompletionToolMessageParam | ChatCompletionUserMessageParam]:
    """Results of tools come first: in a chat they follow the calls directly."""
    parts: list[ChatCompletionContentPartParam] = []
    for block in blocks:
        if block.get("type") == "tool_result":
            call_id: Any = block.get("tool_use_id")
            yield {
                "role": "tool",
                "tool_call_id": call_id,
                "content": _result(block.get("content"), parts, place),
            }
        else:
            parts.append(_part(block, place))
    if parts:
        yield {"role": "user", "content": _plain(parts)}


def _result(content: Any, pictures: list[ChatCompletionContentPartParam], place: str) -> str:
    """The text of a tool's result. Its images, which a tool cannot show, go to ``pictures``."""
    texts = []
    for block in _blocks(content or "", place):
        part = _part(block, place)
        if part["type"] == "text":
            texts.append(part["text"])
        else:
            pictures.append(part)
    return "\n".join(texts)


def _of_assistant(blocks: list[JsonObject], place: str) -> ChatCompletionAssistantMessageParam:
    texts: list[str] = []
    calls: list[ChatCompletionMessageFunctionToolCallParam] = []
    for block in blocks:
        match block:
            case {"type": "text", "text": str(text)}:
                texts.append(text)
            case {"type": "tool_use", "id": str(id_), "name": str(name)}:
                arguments = encoded_json(block.get("input") or {}).decode()
                calls.append(
                    {
                        "id": id_,
                        "type": "function",
                        "function": {"name": name, "arguments": arguments},
                    }
                )
            case {"type": str(kind)} if kind in THOUGHTS:
                pass
            case _:
                raise _unsayable(block, place)
    message: ChatCompletionAssistantMessageParam = {
        "role": "assistant",
        "content": "".join(texts) or None,
    }
    if calls:
        message["tool_calls"] = calls
    return message


def _part(block: JsonObject, place: str) -> ChatCompletionContentPartParam:
    match block:
        case {"type": "text", "text": str(text)}:
            return {"type": "text", "text": text}
        case {"type": "image", "source": dict(source)}:
            return {"type": "image_url", "image_url": {"url": _url(source, place)}}
        case {"type": "document", "source": {"type": "text", "data": str(text)}}:
            return {"type": "text", "text": text}
        case {"type": "document", "source": {"type": "base64"} as source}:
            name = block.get("title") or "document"
            return {"type": "file", "file": {"filename": name, "file_data": _url(source, place)}}
        case _:
            raise _unsayable(block, place)


def _url(source: JsonObject, place: str) -> str:
    match source:
        case {"type": "base64", "media_type": str(media_type), "data": str(data)}:
            return f"data:{media_type};base64,{data}"
        case {"type": "url", "url": str(url)}:
            return url
        case _:
            raise UnsendableError("`source` must be of the type base64 or url.", param=place)


def _plain(
    parts: list[ChatCompletionContentPartParam],
) -> str | list[ChatCompletionContentPartParam]:
    """A lone text as such, which every upstream understands."""
    match parts:
        case [part] if part["type"] == "text":
            return part["text"]
    return parts


def _blocks(content: Any, place: str) -> list[JsonObject]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    if isinstance(content, list) and all(isinstance(block, dict) for block in content):
        return content
    raise UnsendableError("`content` must be a string or an array of blocks.", param=place)


def _text_of(content: Any, *, place: str) -> str:
    texts = [block.get("text") for block in _blocks(content, place)]
    if not all(isinstance(text, str) for text in texts):
        raise UnsendableError("Only blocks of the type `text` can stand here.", param=place)
    return "\n\n".join(map(str, texts))


def _unsayable(block: JsonObject, place: str) -> UnsendableError:
    kind = str(block.get("type"))[:100]
    return UnsendableError(
        f"The upstream does not accept this block of the type `{kind}`.", param=place
    )
