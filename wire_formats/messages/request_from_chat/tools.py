"""The tools of a chat, and the choice among them, as Anthropic has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

from wire_formats.chat.calls import grammar_note
from wire_formats.chat.reading import CHOICE
from wire_formats.errors import UnsendableError
from wire_formats.family import Family
from wire_formats.fitting import aliases
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_text
from wire_formats.messages.request_from_chat.alphabet import own_name
from wire_formats.payload import choices_left
from wire_formats.unread import ALL, Fields, all_of, unread

if TYPE_CHECKING:
    from anthropic.types import ToolChoiceParam, ToolParam, ToolUnionParam

Word = Literal["auto", "none", "any"]
CHOICES: dict[str, Word] = {"auto": "auto", "none": "none", "required": "any", "any": "any"}
FORCED = frozenset({"any", "tool"})
# Fields of a tool that only Anthropic knows, beside a function or within it.
EXTRAS = (
    "cache_control",
    "defer_loading",
    "eager_input_streaming",
    "input_examples",
    "allowed_callers",
)
FUNCTION: Fields = all_of("name", "description", "parameters", "strict", *EXTRAS)
GRAMMAR = all_of("type", "definition", "syntax")
CUSTOM: Fields = {
    **all_of("name", "description", *EXTRAS),
    "format": {**GRAMMAR, "grammar": GRAMMAR},
}
OWN_TOOL = re.compile(r"[a-z_]+_20\d{6}\Z")
ANY_OBJECT: JsonObject = {"type": "object", "properties": {}}
# A tool of OpenAI's that takes text and no object.
CUSTOM_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
}


class ToolFields(TypedDict, total=False):
    """The fields of a request that are about tools."""

    tools: list[ToolUnionParam]
    tool_choice: ToolChoiceParam


def tools_of(body: JsonObject, family: Family, called: list[str], lost: list[str]) -> ToolFields:
    """``tools`` and ``tool_choice``; what was left out or changed is added to ``lost``.

    ``called`` are the functions that the conversation has called: Anthropic takes no calls without
    any tools. Raises :class:`UnsendableError`.
    """
    tools = {name_of(tool): tool for tool in reversed([*_offered(body, lost)])}
    offered = list(reversed(tools.values()))
    lost += choices_left(body, has_tools=bool(offered))
    if not offered:
        declared: list[ToolUnionParam] = [
            {"name": name, "input_schema": ANY_OBJECT} for name in called
        ]
        return {"tools": declared, "tool_choice": {"type": "none"}} if declared else {}
    choice, allowed = _choice(body, lost)
    if allowed is not None:
        offered = [tool for tool in offered if name_of(tool) in allowed] or offered
        choice = choice if allowed & tools.keys() else {"type": "none"}
    if choice and choice["type"] in FORCED and not family.takes_forced_tools:
        lost.append("tool_choice")
        choice = {"type": "auto"}
    is_serial = body.get("parallel_tool_calls") is False or bool(body.get("functions"))
    if is_serial:
        choice = _one_by_one(choice or {"type": "auto"})
    return {"tools": offered, "tool_choice": choice} if choice else {"tools": offered}


def _one_by_one(choice: ToolChoiceParam) -> ToolChoiceParam:
    if choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    return choice


def foreign_names(body: JsonObject) -> dict[str, str]:
    """The client's names of those tools that Anthropic knows by another."""
    given = [body.get("tools"), body.get("functions")]
    tools = [tool for each in given if isinstance(each, list) for tool in each]
    names = {name for tool in tools if (name := name_of(tool))}
    return aliases(names, own_name)


def custom_tools(body: JsonObject) -> frozenset[str]:
    """The names of the tools that take text and no object."""
    tools = body.get("tools")
    return frozenset(
        tool["custom"]["name"]
        for tool in (tools if isinstance(tools, list) else ())
        if isinstance(tool, dict)
        and isinstance(tool.get("custom"), dict)
        and isinstance(tool["custom"].get("name"), str)
    )


def _offered(body: JsonObject, lost: list[str]) -> Iterator[ToolUnionParam]:
    for name in ("tools", "functions"):
        entries: Any = body.get(name)
        if entries and not isinstance(entries, list):
            raise UnsendableError(f"`{name}` must be an array.", param=name)
        for index, entry in enumerate(entries or ()):
            tool = entry if name == "tools" else {"type": "function", "function": entry}
            if translated := _tool(tool, f"{name}.{index}", lost):
                yield translated
            else:
                lost.append(f"{name}.{str(tool.get('type'))[:50]}")


def _tool(tool: Any, place: str, lost: list[str]) -> ToolUnionParam | None:
    """None for a tool that OpenAI runs itself."""
    root = place.partition(".")[0]
    match tool:
        case {"function": {"name": str(name)} as function} if name:
            known: Fields = {**all_of("type", *EXTRAS), "function": FUNCTION}
            if root == "functions":
                lost += unread(function, FUNCTION, root)
            else:
                lost += unread(tool, known, root)
            return _function(function, tool)
        case {"custom": {"name": str(name)} as custom} if name:
            lost += unread(tool, {**all_of("type", *EXTRAS), "custom": CUSTOM}, root)
            return _taking_text(custom, tool)
        case {"name": str(name), "input_schema": dict()} if name:
            return cast("ToolParam", {**tool, "name": own_name(name)})
        case {"type": "function", "name": str(name)} if name:  # as Responses have it
            lost += unread(tool, {**FUNCTION, "type": ALL}, root)
            return _function(tool, tool)
        case {"type": str(kind), "name": str()} if OWN_TOOL.match(kind):
            return cast("ToolUnionParam", dict(tool))
        case {"type": str(kind)} if kind not in {"function", "custom"}:
            return None
    raise UnsendableError("A tool needs a `function` with a `name`.", param=place)


def _function(function: JsonObject, tool: JsonObject) -> ToolParam:
    written: ToolParam = {
        "name": own_name(function["name"]),
        "input_schema": _schema(function.get("parameters")),
    }
    if isinstance(description := function.get("description"), str) and description:
        written["description"] = description
    if function.get("strict") is True:
        written["strict"] = True
    return cast("ToolParam", {**written, **_extras(function, tool)})


def _taking_text(custom: JsonObject, tool: JsonObject) -> ToolParam:
    """A tool with one argument. The grammar of its text, if there is one, is told in words."""
    written: ToolParam = {"name": own_name(custom["name"]), "input_schema": CUSTOM_SCHEMA}
    described = [as_text(custom.get("description")), grammar_note(custom.get("format"))]
    if description := "\n\n".join(filter(None, described)):
        written["description"] = description
    return cast("ToolParam", {**written, **_extras(custom, tool)})


def _extras(*holders: JsonObject) -> JsonObject:
    return {name: holder[name] for holder in holders for name in EXTRAS if holder.get(name)}


def _schema(parameters: Any) -> JsonObject:
    if not isinstance(parameters, dict) or not parameters:
        return ANY_OBJECT
    return parameters if parameters.get("type") else {"type": "object"} | parameters


def _choice(body: JsonObject, lost: list[str]) -> tuple[ToolChoiceParam | None, set[str] | None]:
    """The choice, None where Anthropic's default says the same, and the tools it is among."""
    name = "tool_choice" if body.get("tool_choice") is not None else "function_call"
    choice: Any = body.get(name)
    lost += unread(choice, CHOICE, name)
    match choice:
        case None:
            return None, None
        case {"type": "allowed_tools", **rest}:
            allowed = rest.get("allowed_tools") if "allowed_tools" in rest else rest
            return _allowed(allowed, lost)
        case {"function": {"name": str(function)}} | {"custom": {"name": str(function)}}:
            return {"type": "tool", "name": own_name(function)}, None
        case {"name": str(function)}:
            return {"type": "tool", "name": own_name(function)}, None
        case str(word) | {"type": str(word)} if word in CHOICES:
            return _general(CHOICES[word]), None
    lost.append(name)
    return None, None


def _general(word: Word) -> ToolChoiceParam:
    match word:
        case "auto":
            return {"type": "auto"}
        case "any":
            return {"type": "any"}
        case "none":
            return {"type": "none"}


def _allowed(allowed: Any, lost: list[str]) -> tuple[ToolChoiceParam | None, set[str] | None]:
    tools = allowed.get("tools") if isinstance(allowed, dict) else None
    if not isinstance(tools, list):
        lost.append("tool_choice")
        return None, None
    if not all(map(name_of, tools)):
        lost.append("tool_choice")
    names = {own_name(name) for tool in tools if (name := name_of(tool))}
    mode = CHOICES.get(str(allowed.get("mode")), "auto")
    return _general(mode) if mode != "auto" else None, names


def name_of(tool: Any) -> str:
    """The name of a tool, however it is written; empty where it has none."""
    match tool:
        case {"function": {"name": str(name)}} | {"custom": {"name": str(name)}}:
            return name
        case {"name": str(name)}:
            return name
    return ""
