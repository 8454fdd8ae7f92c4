"""From the content of a Responses item to that of a chat's message, and what is read of items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.unread import ALL, Among, ByType, Fields, all_of

if TYPE_CHECKING:
    from openai.types.chat.chat_completion_content_part_image_param import ImageURL

    from wire_formats.chat.request_types import FilePart, ImagePart, Part, TextPart

TEXTS = frozenset({"input_text", "output_text", "text", "summary_text", "reasoning_text"})
DETAILS = ("low", "high")
TEXT = all_of("type", "text")
# What is read of each part.
PARTS = ByType(
    {
        **dict.fromkeys(TEXTS, TEXT),
        "refusal": all_of("type", "refusal"),
        "input_image": {
            **all_of("type", "image_url", "file_id"),
            "detail": Among(("auto", *DETAILS)),
        },
        "input_file": {
            **all_of("type", "filename", "file_data", "file_url", "file_id"),
            "detail": Among(("auto",)),
        },
        "input_audio": all_of("type", "input_audio"),
    }
)
CALLER = Among(({"type": "direct"},))
CALL: Fields = {**all_of("type", "id", "call_id", "name", "namespace", "status"), "caller": CALLER}
OUTPUT: Fields = {
    **all_of("type", "id", "call_id", "status", "name", "namespace"),  # names are of the call
    "caller": CALLER,
    "output": PARTS,
}
MESSAGE: Fields = {**all_of("type", "role", "id", "status"), "content": PARTS}
# What is read of each item. Ids and states are those of what its sender keeps.
ITEMS = ByType(
    {
        "": MESSAGE,
        "message": MESSAGE,
        "reasoning": {
            **all_of("type", "id", "encrypted_content", "status"),
            "summary": PARTS,
            "content": PARTS,
        },
        "function_call": {**CALL, "arguments": ALL},
        "custom_tool_call": {**CALL, "input": ALL},
        "function_call_output": OUTPUT,
        "custom_tool_call_output": OUTPUT,
    }
)


def parts_of(content: Any, place: str, dropped: list[str] | None) -> list[Part]:
    """``content``, a string or an array, as the parts of a chat's message.

    A part that no chat can hold is left out and added to ``dropped``; where that is None,
    ``UnsendableError`` is raised.
    """
    if isinstance(content, str):
        return [_text(content)] if content else []
    if not isinstance(content, list):
        raise UnsendableError("`content` must be a string or an array.", param=place)
    parts: list[Part] = []
    for index, each in enumerate(content):
        here = f"{place}.{index}"
        part = part_of(each)
        if part is not None:
            parts.append(part)
        elif dropped is None:
            raise UnsendableError(
                f"The upstream accepts no `{_kind(each)}` as it is given here.", param=here
            )
        else:
            dropped.append(here)
    return [part for part in parts if part != _text("")]


def part_of(part: Any) -> Part | None:
    """One part; None where a chat has no place for it."""
    match part:
        case {"type": "refusal", "refusal": str(text)}:
            return _text(text)
        case {"type": str(kind), "text": str(text)} if kind in TEXTS:
            return _text(text)
        case {"type": "input_image" | "image_url", "image_url": url} if _url(url):
            return _image(_url(url), part.get("detail"))
        case {"type": "input_file"}:
            return _file(part)
        case {"type": "input_audio", "input_audio": dict()}:
            return {"type": "input_audio", "input_audio": part["input_audio"]}
        case _:
            return None


def plain(parts: list[Part]) -> str | list[Part]:
    """Texts alone as one, which every upstream understands."""
    if all(part["type"] == "text" for part in parts):
        return text_of(parts)
    return parts


def text_of(parts: Sequence[Part]) -> str:
    """The texts among ``parts``."""
    return "\n".join(part["text"] for part in parts if part["type"] == "text")


def _text(text: str) -> TextPart:
    return {"type": "text", "text": text}


def _url(value: Any) -> str:
    """Some clients write a chat's object in place of the string."""
    url = value.get("url") if isinstance(value, dict) else value
    return url if isinstance(url, str) else ""


def _image(url: str, detail: Any) -> ImagePart:
    """``auto`` goes without saying, and ``original`` is more than ``high``."""
    image: ImageURL = {"url": url}
    detail = "high" if detail == "original" else detail
    if detail in DETAILS:
        image["detail"] = detail
    return {"type": "image_url", "image_url": image}


def _file(part: JsonObject) -> FilePart | None:
    """A chat has no field for a URL; OpenRouter and others take one in place of the data."""
    match part:
        case {"file_data": str(data)} if data:
            name = part.get("filename") or "file"
            return {"type": "file", "file": {"filename": name, "file_data": data}}
        case {"file_url": str(url)} if url:
            name = part.get("filename") or url.partition("?")[0].rpartition("/")[2] or "file"
            return {"type": "file", "file": {"filename": name, "file_data": url}}
        case {"file_id": str(file_id)} if file_id:
            return {"type": "file", "file": {"file_id": file_id}}
        case _:
            return None


def _kind(part: Any) -> str:
    return str(part.get("type"))[:50] if isinstance(part, dict) else "part"
