"""From the tools of a Responses request to the functions of a chat, and what becomes of the rest.

A chat knows functions alone. A custom tool is a function with one string, a namespace is part of
its functions' names, and a tool that the client runs is a function with arguments known here. A
tool that the provider would have to run is left out while others can be called in its stead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wire_formats.chat.calls import INPUT, grammar_note
from wire_formats.chat.reading import TOOL_MODES, ToolMode
from wire_formats.errors import UnsendableError
from wire_formats.fitting import FOREIGN, digest_of
from wire_formats.json_types import JsonObject
from wire_formats.responses.request_to_chat.client_tools import CLIENT_TOOLS, is_run_by_client
from wire_formats.unread import Among, ByType, Fields, all_of, unread

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionToolChoiceOptionParam
    from openai.types.shared_params import FunctionDefinition

    from wire_formats.chat.request_types import FunctionTool

LONGEST_NAME = 64
FUNCTION, CUSTOM = "function", "custom"
TOOL: Fields = {**all_of("type", "name", "description"), "allowed_callers": Among((["direct"],))}
# What is read of each tool.
TOOLS = ByType(
    {
        "namespace": all_of("type", "name", "description", "tools"),
        CUSTOM: {**TOOL, "format": all_of("type", "definition", "syntax")},
        FUNCTION: {
            **TOOL,
            **all_of("parameters", "strict"),
            FUNCTION: all_of("name", "description", "parameters", "strict"),
        },
    }
)
NO_SUCH_TOOL = "The upstream has no built-in tool `{}`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool as its client knows it. ``kind`` is the type; ``name`` is empty for client tools."""

    kind: str
    name: str = ""
    namespace: str = ""


@dataclass(slots=True)
class Tools:
    """``functions`` are those of the chat; ``named`` has the tool of each by its function's name.

    ``missing`` are the types of built-in tools, by their place, that no chat has; ``unread`` names
    the fields of others that it has no place for.
    """

    functions: list[FunctionTool] = field(default_factory=list)
    named: dict[str, Tool] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def add(self, tools: Iterable[Any], place: str, namespace: str = "") -> None:
        """Take ``tools``, which stand at ``place``. Raises ``UnsendableError``."""
        for index, tool in enumerate(tools):
            here = f"{place}.{index}"
            self.unread += unread(tool, TOOLS, "tools")
            match tool:
                case {"type": "namespace", "name": str(name), "tools": list(inner)}:
                    self.add(inner, f"{here}.tools", name)
                case {"type": "function" | "custom" as kind, "name": str(name)} if name:
                    known = Tool(kind=kind, name=name, namespace=namespace)
                    self._offer(known, _function(known, tool))
                case {"type": str(kind)} if is_run_by_client(tool):
                    self._offer(Tool(kind=kind), _client_function(kind, tool))
                case {"type": "function", "function": {"name": str(name)}} if name:
                    known = Tool(kind=FUNCTION, name=name)  # in a chat's own form
                    self._offer(known, {"name": name} | tool["function"])
                case {"type": str(kind)} if kind not in {FUNCTION, CUSTOM}:
                    self.missing[here] = kind[:100]
                case _:
                    raise UnsendableError("A tool needs a `type` and a `name`.", param=here)

    def _offer(self, tool: Tool, function: FunctionDefinition) -> None:
        name = function["name"]
        if name not in self.named:  # a search may find what is known already
            self.named[name] = tool
            self.functions.append({"type": "function", "function": function})

    def kind_of(self, name: str) -> Tool:
        """The tool that a call of the function ``name`` is of."""
        return self.named.get(name) or Tool(kind=FUNCTION, name=name)


def function_name(tool: Tool) -> str:
    """The name of a tool's function: its own, behind that of its namespace if it has one."""
    if tool.kind not in {FUNCTION, CUSTOM}:
        return tool.kind
    if not tool.namespace:
        return tool.name
    joint = "" if tool.namespace.endswith("__") else "__"
    name = FOREIGN.sub("_", f"{tool.namespace}{joint}{tool.name}")
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}_{digest_of(name, 8)}"


def check_missing(tools: Tools) -> None:
    """Refuse built-in tools where the request has nothing in their stead."""
    if tools.missing and not tools.functions:
        place, kind = next(iter(tools.missing.items()))
        raise UnsendableError(NO_SUCH_TOOL.format(kind), param=place)


def tool_choice(
    choice: Any, tools: Tools
) -> tuple[ChatCompletionToolChoiceOptionParam, list[FunctionTool]]:
    """The ``tool_choice`` of a chat, and those of its functions that may be called."""
    match choice:
        case str() if choice in TOOL_MODES:
            return TOOL_MODES[choice], tools.functions
        case {"type": "allowed_tools", "tools": list(allowed)}:
            return _allowed(choice.get("mode"), allowed, tools)
        case {"type": str(kind)}:
            name = _chosen(choice, _functions_by_choice(tools))
            if name is None:
                raise UnsendableError(NO_SUCH_TOOL.format(kind[:100]), param="tool_choice")
            return {"type": "function", "function": {"name": name}}, tools.functions
        case _:
            raise UnsendableError(
                "`tool_choice` must be auto, none, required, or an object that names a tool.",
                param="tool_choice",
            )


def _allowed(mode: Any, allowed: list[Any], tools: Tools) -> tuple[ToolMode, list[FunctionTool]]:
    """Only those are offered: a chat's own word for it is known to OpenAI alone."""
    offered = _functions_by_choice(tools)
    names = {_chosen(each, offered) for each in allowed if isinstance(each, dict)}
    functions = [each for each in tools.functions if each["function"]["name"] in names]
    if not functions:
        raise UnsendableError(
            "`tool_choice.tools` must name a tool that the upstream has.",
            param="tool_choice.tools",
        )
    return "required" if mode == "required" else "auto", functions


def _functions_by_choice(tools: Tools) -> dict[tuple[str, str, str], str]:
    """The functions by what chooses them: kind, name and namespace. The first of several counts."""
    functions: dict[tuple[str, str, str], str] = {}
    for function, tool in tools.named.items():
        for namespace in ("", tool.namespace):
            functions.setdefault((tool.kind, tool.name, namespace), function)
    return functions


def _chosen(choice: JsonObject, functions: dict[tuple[str, str, str], str]) -> str | None:
    """Which of the ``functions`` is meant, if it is offered."""
    kind = str(choice.get("type"))
    if kind in CLIENT_TOOLS:
        return functions.get((kind, "", ""))
    name, namespace = choice.get("name"), choice.get("namespace") or ""
    if not isinstance(name, str) or not isinstance(namespace, str):
        return None
    return functions.get((kind, name, namespace))


def _function(known: Tool, tool: JsonObject) -> FunctionDefinition:
    name = function_name(known)
    if known.kind == CUSTOM:
        description = _custom_description(tool)
        return {"name": name, "description": description, "parameters": _one_string()}
    parameters = tool.get("parameters") or {"type": "object", "properties": {}}
    function: FunctionDefinition = {"name": name, "parameters": parameters}
    if tool.get("description"):
        function["description"] = tool["description"]
    if tool.get("strict") is True:  # a chat is lenient, and not every upstream knows the word
        function["strict"] = True
    return function


def _custom_description(tool: JsonObject) -> str:
    description = tool.get("description")
    words = [description] if isinstance(description, str) and description else []
    words.append(f"Give all of it as the one string `{INPUT}`.")
    words.append(grammar_note(tool.get("format")))
    return "\n\n".join(filter(None, words))


def _one_string() -> JsonObject:
    return {
        "type": "object",
        "properties": {INPUT: {"type": "string"}},
        "required": [INPUT],
        "additionalProperties": False,
    }


def _client_function(kind: str, tool: JsonObject) -> FunctionDefinition:
    known = CLIENT_TOOLS[kind]
    return {
        "name": kind,
        "description": tool.get("description") or known.description,
        "parameters": tool.get("parameters") or known.parameters,
    }
