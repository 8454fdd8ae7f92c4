"""The calls that an assistant's message makes, as Anthropic's blocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson

from wire_formats.json_numbers import read_json
from wire_formats.json_types import JsonObject
from wire_formats.messages.alphabet import own_name

LOST = "messages.tool_calls"


def calls_of(message: JsonObject, lost: list[str]) -> Iterator[JsonObject]:
    """``tool_calls`` and the older ``function_call``; ids are the message's own, or empty."""
    calls = message.get("tool_calls")
    legacy = message.get("function_call")
    for call in [*(calls if isinstance(calls, list) else ()), *([legacy] if legacy else ())]:
        match call:
            case {"function": {"name": str(name), **function}}:
                arguments = function.get("arguments")
            case {"custom": {"name": str(name), **custom}}:
                arguments = {"input": custom.get("input") or ""}
            case {"name": str(name)}:
                arguments = call.get("arguments")
            case _:
                lost.append(LOST)
                continue
        id_, mark = call.get("id"), call.get("cache_control")
        yield {
            "type": "tool_use",
            "id": id_ if isinstance(id_, str) else "",
            "name": own_name(name),
            "input": _input(arguments, lost),
            **(
                {"cache_control": mark}
                if isinstance(mark := call.get("cache_control"), dict)
                else {}
            ),
        }


def _input(arguments: Any, lost: list[str]) -> JsonObject:
    """The model's own words may be broken, and must not break all that follows."""
    if isinstance(arguments, str):
        with suppress(orjson.JSONDecodeError, UnicodeEncodeError):
            arguments = read_json(arguments.encode()) if arguments.strip() else {}
    if isinstance(arguments, dict):
        return arguments
    if arguments is None:
        return {}
    lost.append(LOST)
    return {"arguments": arguments}
