"""The parts of a chat's messages as Anthropic's blocks."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote_to_bytes

from wire_formats.chat.reading import TEXT_PARTS, Image
from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_text
from wire_formats.messages.request_from_chat.cache_marks import mark_of

if TYPE_CHECKING:
    from anthropic.types import (
        Base64PDFSourceParam,
        DocumentBlockParam,
        FileDocumentSourceParam,
        ImageBlockParam,
        PlainTextSourceParam,
        TextBlockParam,
    )

    from wire_formats.messages.types import Content

IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
SAME_TYPE = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg"}
PDF: Final = "application/pdf"


def block_of(part: JsonObject, place: str) -> Content | None:
    """``part`` as a block; None for blank text, which Anthropic refuses.

    Raises :class:`UnsendableError` for what it cannot be given. ``place`` is where it stands.
    """
    block = _block(part, place)
    if block and (mark := mark_of(part)):
        block["cache_control"] = mark
    return block


def text_block(text: str) -> TextBlockParam | None:
    return {"type": "text", "text": text} if text.strip() else None


def _block(part: JsonObject, place: str) -> Content | None:
    kind = as_text(part.get("type"))
    if kind in TEXT_PARTS:
        return text_block(_text(part.get("text"), place))
    match kind:
        case "image_url":
            return _image(Image.of(part), place)
        case "file":
            return _file(part.get("file"), place)
        # Anthropic's own, from clients that know it.
        case "image" | "document" | "search_result" if isinstance(part.get("source"), dict | str):
            own = {k: v for k, v in part.items() if k != "cache_control" and v is not None}
            return cast("Content", own)
    raise UnsendableError(
        f"The upstream accepts no parts of the type `{kind[:50]}`. "
        "It accepts `text`, `image_url` and `file`.",
        param=place,
    )


def _text(text: Any, place: str) -> str:
    if text is None or isinstance(text, str):
        return text or ""
    raise UnsendableError("`text` must be a string.", param=f"{place}.text")


def _image(image: Image, place: str) -> ImageBlockParam | DocumentBlockParam:
    if image.url:
        return {"type": "image", "source": {"type": "url", "url": image.url}}
    return _inline(image.media_type, image.base64, f"{place}.image_url")


def _inline(
    media_type: str, data: str, place: str, title: str = ""
) -> ImageBlockParam | DocumentBlockParam:
    """An image or a document that is given as base64."""
    kind: Any = SAME_TYPE.get(media_type.lower(), media_type.lower())
    if kind in IMAGE_TYPES:
        return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}
    if kind == PDF:
        pdf: Base64PDFSourceParam = {"type": "base64", "media_type": PDF, "data": data}
        return _titled({"type": "document", "source": pdf}, title)
    if kind.startswith("text/") or kind == "application/json":
        words = _decoded(data, place)
        text: PlainTextSourceParam = {"type": "text", "media_type": "text/plain", "data": words}
        return _titled({"type": "document", "source": text}, title)
    raise UnsendableError(
        f"The upstream accepts no content of the type `{media_type[:50]}`. It accepts JPEG, PNG, "
        "GIF and WebP images, PDF documents and plain text.",
        param=place,
    )


def _titled(document: DocumentBlockParam, title: str) -> DocumentBlockParam:
    if title:
        document["title"] = title
    return document


def _decoded(data: str, place: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError) as exc:
        raise UnsendableError("A text file must be UTF-8 in base64.", param=place) from exc


def _file(file: Any, place: str) -> ImageBlockParam | DocumentBlockParam:
    place = f"{place}.file"
    title = as_text(file.get("filename")) if isinstance(file, dict) else ""
    match file:
        case {"file_data": str(data)} if data.startswith("data:"):
            head, _, content = data.removeprefix("data:").partition(",")
            media_type, *options = head.split(";")
            if "base64" not in options:
                content = base64.b64encode(unquote_to_bytes(content)).decode()
            return _inline(media_type, content, place, title)
        case {"file_data": str(url)} | {"file_url": str(url)} if url.startswith(
            ("http://", "https://")
        ):
            return _titled({"type": "document", "source": {"type": "url", "url": url}}, title)
        case {"file_data": str(data)} if data:
            return _inline(_guessed(title), data, place, title)
        case {"file_id": str(file_id)} if file_id:
            source: FileDocumentSourceParam = {"type": "file", "file_id": file_id}
            return _titled({"type": "document", "source": source}, title)
    raise UnsendableError(
        "`file` must hold `file_data`, a data URL or base64, or a `file_id`.", param=place
    )


def _guessed(filename: str) -> str:
    """The type of content without one: OpenAI's own files are PDFs."""
    name = filename.lower()
    return "text/plain" if name.endswith((".txt", ".md", ".csv", ".json")) else PDF
