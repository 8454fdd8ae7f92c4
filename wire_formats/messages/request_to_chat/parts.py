"""Single blocks of the Messages API as parts of a chat's message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.messages.request_to_chat.chat_traits import PLAIN, ChatTraits
from wire_formats.messages.request_to_chat.foreign_blocks import foreign_text, lines_of, told_text
from wire_formats.messages.request_to_chat.names import call_id, tool_name
from wire_formats.unread import Among, ByType, Fields, all_of, unread

if TYPE_CHECKING:
    from wire_formats.chat.request_types import FilePart, Part, TextPart

# Claude Code's note to Anthropic's billing. Its nonce changes with each request and would keep an
# upstream from finding the prompt, which it stands at the beginning of, in its cache.
BILLING = re.compile(r"\A\s*x-anthropic-billing-header:[^\n]*\n?")
MARK: Final = "cache_control"
SOURCE = all_of("type", "media_type", "data", "url", "content", "file_id")
QUOTED = all_of("enabled")
# What is read of each block; of those that become text, it is said that they do.
BLOCKS = ByType(
    {
        "text": all_of("type", "text", MARK),
        "image": {**all_of("type", MARK), "source": SOURCE},
        "document": {
            **all_of("type", "title", "context", MARK),
            "citations": QUOTED,
            "source": SOURCE,
        },
        "search_result": {
            **all_of("type", "title", "source", MARK),
            "citations": QUOTED,
            "content": all_of("type", "text"),
        },
        "tool_reference": all_of("type", "tool_name", MARK),
        "tool_use": {
            **all_of("type", "id", "name", "input", MARK),
            "caller": Among(({"type": "direct"},)),
        },
        "thinking": all_of("type", "thinking", "signature"),
        "redacted_thinking": all_of("type", "data"),
        "tool_result": all_of("type", "tool_use_id", "content", "is_error", MARK),
    }
)


@dataclass(slots=True, kw_only=True)
class Writing:
    """A request on its way into a chat. ``lost`` gathers the names of what does not get there."""

    model: str = ""
    traits: ChatTraits = PLAIN
    lost: list[str] = field(default_factory=list)

    def lose(self, name: str) -> None:
        """Note that a block of the type ``name``, or a part of it, was left out."""
        self.lost.append(f"messages.{name}")

    def lose_others(self, value: Any, fields: Fields | ByType, place: str) -> None:
        """Note what ``value``, which stands at ``place``, holds beside ``fields``."""
        self.lost += unread(value, fields, place)

    def lose_mark(self, holder: JsonObject, *, is_kept: bool = False) -> None:
        """Note the cache mark of ``holder`` if it does not reach the upstream."""
        if isinstance(holder.get(MARK), dict) and not (is_kept and self.traits.keeps_cache_marks):
            self.lost.append(MARK)

    def call_id(self, id_: str) -> str:
        """The id of a call as the upstream takes it."""
        return call_id(
            id_,
            is_short=self.traits.has_short_call_ids,
            is_limited=self.traits.has_limited_call_ids,
        )


def blocks_of(content: Any, place: str) -> list[JsonObject]:
    """``content`` as blocks. Raises ``UnsendableError`` for what is no content."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    if isinstance(content, list) and all(isinstance(block, dict) for block in content):
        return content
    raise UnsendableError("`content` must be a string or an array of blocks.", param=place)


def parts_of(block: JsonObject, writing: Writing, place: str) -> Sequence[Part]:
    """The parts that say what ``block`` does. Raises ``UnsendableError`` for what is no block."""
    parts: Sequence[Part]
    match block:
        case {"type": "text", "text": str(text)}:
            return text_of(block, text, writing, place)
    _lose_others(block, writing, place)
    match block:
        case {"type": "image", "source": dict(source)}:
            parts = _image(source, writing, place)
        case {"type": "document", "source": dict(source)}:
            _lose_citations(block, writing)
            parts = _document(block, source, writing, place)
        case {"type": "search_result"}:
            _lose_citations(block, writing)
            texts = [block.get("title"), block.get("source"), told_text(block.get("content"))]
            parts = text_parts(lines_of(texts))
        case {"type": "tool_reference", "tool_name": str(name)}:
            writing.lose_mark(block)
            return text_parts(f"The tool {tool_name(name)} is available.")
        case {"type": str(kind)}:
            writing.lose(kind)  # also where the upstream is told of it in words
            return text_parts(foreign_text(block, kind))
        case _:
            kind = str(block.get("type"))[:100]
            raise UnsendableError(f"This block of the type `{kind}` is none.", param=place)
    _mark(parts, block, writing)
    return parts


def text_of(block: JsonObject, text: str, writing: Writing, place: str) -> list[TextPart]:
    """The part that says the ``text`` of a block of texts; none where it is empty."""
    _lose_others(block, writing, place)
    parts = text_parts(text)
    _mark(parts, block, writing)
    return parts


def text_parts(text: str) -> list[TextPart]:
    """``text`` as a part; none where it is empty, which some upstreams refuse."""
    return [{"type": "text", "text": text}] if text else []


def without_billing(text: str) -> str:
    """``text`` without Claude Code's note to Anthropic's billing at its beginning."""
    return BILLING.sub("", text) if "x-anthropic-billing-header:" in text[:200] else text


def _lose_others(block: JsonObject, writing: Writing, place: str) -> None:
    root = place.partition(".")[0]
    writing.lose_others(block, BLOCKS, f"{root}.{block.get('type')}")


def _image(source: JsonObject, writing: Writing, place: str) -> Sequence[Part]:
    if source.get("type") == "file":
        writing.lose("image")
        return text_parts("[An image that this model cannot be shown]")
    return [{"type": "image_url", "image_url": {"url": _url(source, place)}}]


def _document(
    block: JsonObject, source: JsonObject, writing: Writing, place: str
) -> Sequence[Part]:
    title = block["title"] if isinstance(block.get("title"), str) else ""
    about = [title, block.get("context")]
    match source:
        case {"type": "text", "data": str(text)}:
            return text_parts(lines_of([*about, text]))
        case {"type": "base64"}:
            name = title or "document.pdf"
            return [*text_parts(lines_of(about[1:])), _file(name, _url(source, place))]
        case {"type": "url", "url": str(url)} if writing.traits.takes_file_urls:
            return [*text_parts(lines_of(about[1:])), _file(title or "document", url)]
        case {"type": "url", "url": str(url)}:
            writing.lose("document")
            return text_parts(lines_of([*about, f"[A document that was not read: {url}]"]))
        case {"type": "content", "content": content}:
            inner = blocks_of(content, place)
            parts = [part for each in inner for part in parts_of(each, writing, place)]
            return [*text_parts(lines_of(about)), *parts]
        case {"type": "file"}:
            writing.lose("document")
            return text_parts(lines_of([*about, "[A document that this model cannot be given]"]))
        case _:
            raise UnsendableError("`source` is of no known type.", param=place)


def _file(name: str, data: str) -> FilePart:
    return {"type": "file", "file": {"filename": name, "file_data": data}}


def _lose_citations(block: JsonObject, writing: Writing) -> None:
    """The model may quote all the same, but nothing says where from."""
    match block.get("citations"):
        case {"enabled": True}:
            writing.lose(f"{block['type']}.citations")


def _url(source: JsonObject, place: str) -> str:
    match source:
        case {"type": "base64", "media_type": str(media_type), "data": str(data)}:
            return f"data:{media_type};base64,{data}"
        case {"type": "url", "url": str(url)}:
            return url
        case _:
            raise UnsendableError("`source` must be of the type base64 or url.", param=place)


def _mark(parts: Sequence[Part], block: JsonObject, writing: Writing) -> None:
    """Give the last of ``parts`` the block's cache mark where the upstream takes one."""
    mark = block.get(MARK)
    writing.lose_mark(block, is_kept=bool(parts))
    if parts and isinstance(mark, dict) and writing.traits.keeps_cache_marks:
        parts[-1][MARK] = mark
