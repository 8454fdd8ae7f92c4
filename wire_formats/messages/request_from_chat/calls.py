"""The calls that an assistant's message makes, as Anthropic's blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wire_formats.chat.calls import arguments_object, called_with, calls_in
from wire_formats.json_cost import Budget
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_text
from wire_formats.messages.request_from_chat.alphabet import own_name
from wire_formats.messages.request_from_chat.cache_marks import mark_of

if TYPE_CHECKING:
    from anthropic.types import ToolUseBlockParam

LOST = "messages.tool_calls"


def calls_of(
    message: JsonObject, lost: list[str], budget: Budget | None = None
) -> Iterator[ToolUseBlockParam]:
    """``tool_calls`` and the older ``function_call``; ids are the message's own, or empty.

    Arguments beyond the request's ``budget`` stay a text.
    """
    for call in calls_in(message):
        called = called_with(call)
        if called is None:
            lost.append(LOST)
            continue
        name, arguments = called
        given, is_sound = arguments_object(arguments, budget)
        if not is_sound:
            lost.append(LOST)
        block: ToolUseBlockParam = {
            "type": "tool_use",
            "id": as_text(call.get("id")),
            "name": own_name(name),
            "input": given,
        }
        if mark := mark_of(call):
            block["cache_control"] = mark
        yield block
