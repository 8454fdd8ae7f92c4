"""What blocks of Anthropic's own tools tell a model, as text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject

# Fields of results of Anthropic's own tools that say something to a model.
TELLING = frozenset(
    {
        "content",
        "data",
        "error_code",
        "stderr",
        "stdout",
        "text",
        "title",
        "tool_name",
        "url",
    }
)
DEEPEST = 20
CALLS = frozenset({"server_tool_use", "mcp_tool_use"})
RESULTS = "_tool_result"


def told_text(value: Any) -> str:
    """What a result of one of Anthropic's own tools tells a model, line by line."""
    return lines_of(_told(value, "content", DEEPEST))


def foreign_text(block: JsonObject, kind: str) -> str:
    """A call of a tool that Anthropic ran itself, its result, or a summary; else empty."""
    name = block.get("name")
    if kind in CALLS and isinstance(name, str):
        given = block.get("input")
        arguments = encoded_json(given).decode() if isinstance(given, dict) else ""
        return f"[Called {name} with {arguments}]"
    if kind.endswith(RESULTS):
        told = told_text(block.get("content"))
        return f"[Result of {kind.removesuffix(RESULTS)}]\n{told}" if told else ""
    if kind == "compaction" and isinstance(block.get("content"), str):
        text: str = block["content"]
        return text
    if kind == "browser_state":
        return f"[State of the browser]\n{told_text(block.get('tabs'))}"
    return ""


def _told(value: Any, name: str, depth: int) -> Iterator[str]:
    match value:
        case str() if name in TELLING:
            yield value
        case dict() if depth:
            is_binary = value.get("type") == "base64"
            for key, each in value.items():
                if not (is_binary and key == "data"):
                    yield from _told(each, key, depth - 1)
        case list() if depth:
            for each in value:
                yield from _told(each, name, depth - 1)


def lines_of(texts: Any) -> str:
    """The strings among ``texts``, a line each; others and empty ones are left out."""
    return "\n".join(text for text in texts if isinstance(text, str) and text)
