"""The parts of a chat's messages as those of a response's input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_list, as_text, is_given

if TYPE_CHECKING:
    from openai.types.responses import ResponseInputContentParam, ResponseInputImageParam

DETAILS = frozenset({"low", "high", "auto", "original"})
BREAKPOINT = "prompt_cache_breakpoint"
FILE_FIELDS = ("file_data", "file_id", "file_url", "filename")


def part_of(part: JsonObject) -> ResponseInputContentParam | None:
    """The same said to a response; None if it has no words for it."""
    written: Any = _part(part)
    if written is not None and is_given(mark := part.get(BREAKPOINT)):
        written[BREAKPOINT] = mark
    return cast("ResponseInputContentParam | None", written)


def _part(part: JsonObject) -> ResponseInputContentParam | None:
    match part:
        case {"type": "text" | "input_text" | "output_text", "text": str(text)}:
            return {"type": "input_text", "text": text}
        case {"type": "image_url" | "input_image", "image_url": {"url": str(url)} as image}:
            return _image(url, image.get("detail"))
        case {"type": "image_url" | "input_image", "image_url": str(url)}:
            return _image(url, part.get("detail"))
        case {"type": "file", "file": dict(file)}:
            given = {name: file[name] for name in FILE_FIELDS if isinstance(file.get(name), str)}
            return cast("ResponseInputContentParam", {"type": "input_file", **given})
    return None


def _image(url: str, detail: Any) -> ResponseInputImageParam:
    known: Any = detail if isinstance(detail, str) and detail in DETAILS else "auto"
    return {"type": "input_image", "image_url": url, "detail": known}


def words_of(message: JsonObject, lost: list[str]) -> str:
    """The text of an assistant's message and its refusal, which a response has as one.

    ``lost`` gets the name of the content where a part has no text; thoughts are read elsewhere.
    """
    content = message.get("content")
    said = [content] if isinstance(content, str) else []
    for part in as_list(content):
        match part:
            case {"type": "text" | "input_text" | "output_text", "text": str(text)}:
                said.append(text)
            case {"type": "refusal", "refusal": str(text)}:
                said.append(text)
            case {"type": "thinking"}:
                pass
            case _:
                lost.append("messages.content")
    refusal = as_text(message.get("refusal"))
    return "\n".join(filter(None, ["".join(said), refusal]))
