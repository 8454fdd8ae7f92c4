"""The tools of a chat as those of a response, which writes them without an envelope.

https://platform.openai.com/docs/guides/migrate-to-responses
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypedDict, cast

from wire_formats.chat.reading import CHOICE, TOOL_MODES
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_list
from wire_formats.payload import choices_left
from wire_formats.unread import ALL, ByType, Fields, all_of, unread

if TYPE_CHECKING:
    from openai.types.responses import (
        FunctionToolParam,
        ToolChoiceAllowedParam,
        ToolParam,
        WebSearchToolParam,
    )
    from openai.types.responses.response_create_params import ToolChoice
    from openai.types.responses.web_search_tool_param import UserLocation

# Of the built-in tools, those that touch nothing of the account's.
PASSED = frozenset({"web_search", "web_search_2025_08_26", "web_search_preview"})
GRAMMARS = ByType({"grammar": all_of("type", "grammar")})
SEARCH: Fields = {
    "search_context_size": ALL,
    "user_location": all_of("type", "approximate"),
}
FUNCTION = all_of("name", "description", "parameters", "strict")


class ToolFields(TypedDict, total=False):
    """The fields of a request that are about tools."""

    tools: list[ToolParam]
    tool_choice: ToolChoice


def tool_fields(body: JsonObject, dropped: list[str]) -> ToolFields:
    """``tools`` and ``tool_choice`` for a chat's ``body``; ``dropped`` gets what has no place."""
    tools: list[ToolParam] = [*_tools(body, dropped), *_web_search(body, dropped)]
    dropped += choices_left(body, has_tools=bool(tools))
    if not tools:
        return {}
    dropped += unread(body.get("tool_choice"), CHOICE, "tool_choice")
    choice = _choice(body.get("tool_choice"), dropped)
    if choice is None:
        dropped += unread(body.get("function_call"), CHOICE, "function_call")
        choice = _legacy_choice(body.get("function_call"))
    return {"tools": tools} if choice is None else {"tools": tools, "tool_choice": choice}


def _tools(body: JsonObject, dropped: list[str]) -> Iterator[ToolParam]:
    for place, tool in enumerate(as_list(body.get("tools"))):
        written = _tool(tool, dropped) if isinstance(tool, dict) else None
        if written is not None:
            yield written
        else:
            dropped.append(f"tools.{place}")
    for function in as_list(body.get("functions")):
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            dropped += unread(function, FUNCTION, "functions")
            yield _function(function)
        else:
            dropped.append("functions")


def _tool(tool: JsonObject, dropped: list[str]) -> ToolParam | None:
    match tool:
        case {"type": "function", "function": {"name": str()} as function}:
            dropped += unread(tool, {"type": ALL, "function": FUNCTION}, "tools")
            return _function(function)
        case {"type": "function", "name": str()}:  # written as for a response already
            dropped += unread(tool, {"type": ALL, **FUNCTION}, "tools")
            return _function(tool)
        case {"type": "custom", "custom": {"name": str()} as custom}:
            dropped += unread(tool, all_of("type", "custom"), "tools")
            dropped += unread(custom.get("format"), GRAMMARS, "tools.custom.format")
            written = {**custom, "type": "custom", **_format(custom.get("format"))}
            return cast("ToolParam", written)
        case {"type": "custom", "name": str()}:
            return cast("ToolParam", dict(tool))
        case {"type": str(kind)} if kind in PASSED:
            return cast("ToolParam", dict(tool))
    return None


def _function(function: JsonObject) -> FunctionToolParam:
    """Where nothing is said, a chat is lenient about a function's schema, a response is not."""
    written: FunctionToolParam = {
        "type": "function",
        "name": function["name"],
        "parameters": function.get("parameters"),
        "strict": bool(function.get("strict")),
    }
    if "description" in function:
        written["description"] = function["description"]
    return written


def _format(given: Any) -> JsonObject:
    match given:
        case {"type": "grammar", "grammar": dict(grammar)}:
            return {"format": {"type": "grammar"} | grammar}
    return {}


def _web_search(body: JsonObject, dropped: list[str]) -> Iterator[WebSearchToolParam]:
    options = body.get("web_search_options")
    if not isinstance(options, dict):
        return
    dropped += unread(options, SEARCH, "web_search_options")
    tool: WebSearchToolParam = {"type": "web_search"}
    if options.get("search_context_size") is not None:
        tool["search_context_size"] = options["search_context_size"]
    match options.get("user_location"):
        case {"approximate": dict(place)}:
            tool["user_location"] = cast("UserLocation", {"type": "approximate"} | place)
    yield tool


def _choice(choice: Any, dropped: list[str]) -> ToolChoice | None:
    match choice:
        case None:
            return None
        case str() if choice in TOOL_MODES:
            return TOOL_MODES[choice]
        case {"type": "allowed_tools", "allowed_tools": {"tools": list(tools), **allowed}}:
            named = [each for tool in tools if (each := _named(tool)) is not None]
            dropped += ["tool_choice"] if len(named) < len(tools) else []
            mode: Any = allowed.get("mode") or "auto"  # as the client wrote it
            several: ToolChoiceAllowedParam
            several = {"type": "allowed_tools", "mode": mode, "tools": [*named]}
            return several
    if (named_tool := _named(choice)) is None:
        dropped.append("tool_choice")
    return cast("ToolChoice | None", named_tool)  # the SDK knows no choice of ``web_search`` yet


def _named(tool: Any) -> JsonObject | None:
    match tool:
        case {"type": "function" | "custom" as kind, "name": str(name)}:
            return {"type": kind, "name": name}
        case {"type": "function", "function": {"name": str(name)}}:
            return {"type": "function", "name": name}
        case {"type": "custom", "custom": {"name": str(name)}}:
            return {"type": "custom", "name": name}
        case {"type": str(kind)} if kind in PASSED:
            return {"type": kind}
    return None


def _legacy_choice(choice: Any) -> ToolChoice | None:
    match choice:
        case "auto" | "none":
            return TOOL_MODES[choice]
        case {"name": str(name)}:
            return {"type": "function", "name": name}
    return None
