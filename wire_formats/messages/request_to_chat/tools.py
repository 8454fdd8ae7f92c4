"""The tools that a client of the Messages API offers, as functions of a chat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypedDict

from wire_formats.chat.reading import ToolMode
from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.messages.request_to_chat.chat_traits import ChatTraits
from wire_formats.messages.request_to_chat.client_tools import client_tool
from wire_formats.messages.request_to_chat.names import tool_name
from wire_formats.unread import Among, Fields, all_of, unread

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionToolChoiceOptionParam
    from openai.types.shared_params import FunctionDefinition

    from wire_formats.chat.request_types import FunctionTool

CHOICES: dict[str, ToolMode] = {"auto": "auto", "any": "required", "none": "none"}
CUSTOM = (None, "custom")
TOOL: Fields = {
    **all_of("type", "name", "description", "input_schema", "strict", "cache_control"),
    "allowed_callers": Among((["direct"],)),
}
CHOICE = all_of("type", "name", "disable_parallel_tool_use")
DEEPEST = 50


class ChoiceFields(TypedDict, total=False):
    """The fields of a chat that say how its functions are called."""

    tool_choice: ChatCompletionToolChoiceOptionParam
    parallel_tool_calls: bool


def functions_of(tools: Any, traits: ChatTraits, lost: list[str]) -> list[FunctionTool]:
    """The functions among ``tools``. The names of tools that only Anthropic runs go to ``lost``.

    Raises ``UnsendableError`` for what is no tool, and for tools that Anthropic alone could run
    where there are no others.
    """
    if not isinstance(tools, list):
        raise UnsendableError("`tools` must be an array.", param="tools")
    functions: list[FunctionTool] = []
    foreign: list[tuple[int, str]] = []
    for place, tool in enumerate(tools):
        match tool:
            case {"type": str(kind)} if kind not in CUSTOM:
                known = client_tool(kind, tool)
                if known is None:
                    foreign.append((place, kind))
                else:
                    functions.append(_function(tool | known, traits, lost))
            case {"name": str(), "input_schema": dict()}:
                functions.append(_function(tool, traits, lost))
            case _:
                raise UnsendableError(
                    "A tool needs a `name` and an `input_schema`.", param=f"tools.{place}"
                )
    if foreign and not functions:
        place, kind = foreign[0]
        raise UnsendableError(
            f"The upstream does not support the tool `{kind[:100]}`.", param=f"tools.{place}"
        )
    lost += (f"tools.{kind}" for _, kind in foreign)
    return functions


def _function(tool: JsonObject, traits: ChatTraits, lost: list[str]) -> FunctionTool:
    lost += unread(tool, TOOL, "tools")
    schema = valid_schema(tool["input_schema"])
    function: FunctionDefinition = {"name": tool_name(tool["name"]), "parameters": schema}
    if isinstance(tool.get("description"), str):
        function["description"] = tool["description"]
    if isinstance(tool.get("strict"), bool):
        if not tool["strict"] or is_strict(schema):
            function["strict"] = tool["strict"]
        else:
            lost.append("tools.strict")
    wrapped: FunctionTool = {"type": "function", "function": function}
    mark = tool.get("cache_control")
    if isinstance(mark, dict) and not traits.keeps_cache_marks:
        lost.append("cache_control")
    elif isinstance(mark, dict):
        wrapped["cache_control"] = mark
    return wrapped


def valid_schema(schema: JsonObject) -> JsonObject:
    """``schema`` as an object's, which functions must have, with ``properties``."""
    changes: JsonObject = {}
    if schema.get("type") != "object":
        changes["type"] = "object"
    if not isinstance(schema.get("properties"), dict):
        changes["properties"] = {}
    if "required" in schema and not isinstance(schema["required"], list):
        return {k: v for k, v in (schema | changes).items() if k != "required"}
    return schema | changes if changes else schema


def is_strict(schema: Any, *, depth: int = DEEPEST) -> bool:
    """Whether ``schema`` may be marked ``strict``: OpenAI wants each property required then."""
    if isinstance(schema, list):
        return depth > 0 and all(is_strict(each, depth=depth - 1) for each in schema)
    if not isinstance(schema, dict):
        return True
    if depth <= 0:
        return False
    properties = schema.get("properties")
    if isinstance(properties, dict) or schema.get("type") == "object":
        names, required = set(properties or ()), schema.get("required")
        is_closed = schema.get("additionalProperties") is False
        if not is_closed or not isinstance(required, list) or names != set(map(str, required)):
            return False
    return all(is_strict(each, depth=depth - 1) for each in _schemas_in(schema))


def _schemas_in(schema: JsonObject) -> Iterator[Any]:
    for name in ("properties", "$defs", "definitions"):
        if isinstance(schema.get(name), dict):
            yield list(schema[name].values())
    for name in ("items", "anyOf", "oneOf", "allOf"):
        yield schema.get(name)


def choice_of(choice: Any, functions: list[FunctionTool], lost: list[str]) -> ChoiceFields:
    """``tool_choice`` and ``parallel_tool_calls``; empty where nothing can be chosen.

    Raises ``UnsendableError`` for a tool that is not offered to the upstream.
    """
    lost += unread(choice, CHOICE, "tool_choice")
    match choice:
        case {"type": "tool", "name": str(name)}:
            chosen = tool_name(name)
            if all(function["function"]["name"] != chosen for function in functions):
                raise UnsendableError(
                    "`tool_choice` names a tool that is not offered to the upstream.",
                    param="tool_choice",
                )
            chat: ChoiceFields = {"tool_choice": {"type": "function", "function": {"name": chosen}}}
        case {"type": "auto" | "any" | "none" as kind}:
            chat = {"tool_choice": CHOICES[kind]}
        case _:
            raise UnsendableError(
                "The upstream does not support this `tool_choice`.", param="tool_choice"
            )
    if not functions:  # OpenAI refuses both without tools
        lost += ["tool_choice"] if choice["type"] == "any" else []
        return {}
    if choice.get("disable_parallel_tool_use") is True:
        chat["parallel_tool_calls"] = False
    return chat
