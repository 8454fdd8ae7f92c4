"""The marks on what Anthropic is to cache, of which it takes few."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wire_formats.json_types import JsonObject

if TYPE_CHECKING:
    from anthropic.types.message_create_params import MessageCreateParamsBase

MOST_MARKS = 4
MARK = "cache_control"


def mark_of(holder: JsonObject) -> Any:
    """The mark on a part, a call or a message of a chat; None where there is none."""
    mark = holder.get(MARK)
    return mark if isinstance(mark, dict) else None


def limit_marks(request: MessageCreateParamsBase, copied: JsonObject, lost: list[str]) -> None:
    """Keep the last marks of ``request``: what they cache includes all that stands before.

    ``copied`` are fields of the client's that go along; one of them may mark the whole.
    """
    marked = [holder for holder in _holders(request) if MARK in holder]
    too_many = len(marked) + (MARK in copied) - MOST_MARKS
    if too_many > 0:
        lost.append(MARK)
    for holder in marked[: max(too_many, 0)]:
        del holder[MARK]


def _holders(request: MessageCreateParamsBase) -> Iterator[Any]:
    """In the order in which Anthropic reads them."""
    yield from request.get("tools", ())
    yield from request.get("system", ())
    for message in request["messages"]:
        yield from message["content"]
