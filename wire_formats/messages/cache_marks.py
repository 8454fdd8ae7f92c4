"""The marks on what Anthropic is to cache, of which it takes few."""

from __future__ import annotations

from collections.abc import Iterator

from wire_formats.json_types import JsonObject

MOST_MARKS = 4
MARK = "cache_control"


def limit_marks(request: JsonObject, lost: list[str]) -> None:
    """Keep the last marks of ``request``: what they cache includes all that stands before."""
    marked = [holder for holder in _holders(request) if MARK in holder]
    too_many = len(marked) + (MARK in request) - MOST_MARKS
    if too_many > 0:
        lost.append(MARK)
    for holder in marked[: max(too_many, 0)]:
        del holder[MARK]


def _holders(request: JsonObject) -> Iterator[JsonObject]:
    """In the order in which Anthropic reads them."""
    yield from request.get("tools", ())
    yield from request.get("system", ())
    for message in request["messages"]:
        yield from message["content"]
