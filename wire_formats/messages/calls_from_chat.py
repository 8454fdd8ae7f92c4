"""The calls that an assistant's message makes, as Anthropic's blocks."""

from __future__ import annotations

from collections.abc import Iterator

from wire_formats.chat.calls import arguments_object, called_with, calls_in
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_text
from wire_formats.messages.alphabet import own_name

LOST = "messages.tool_calls"


def calls_of(message: JsonObject, lost: list[str]) -> Iterator[JsonObject]:
    """``tool_calls`` and the older ``function_call``; ids are the message's own, or empty."""
    for call in calls_in(message):
        called = called_with(call)
        if called is None:
            lost.append(LOST)
            continue
        name, arguments = called
        given, is_sound = arguments_object(arguments)
        if not is_sound:
            lost.append(LOST)
        mark = call.get("cache_control")
        yield {
            "type": "tool_use",
            "id": as_text(call.get("id")),
            "name": own_name(name),
            "input": given,
            **({"cache_control": mark} if isinstance(mark, dict) else {}),
        }
