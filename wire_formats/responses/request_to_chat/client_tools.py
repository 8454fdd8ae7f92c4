"""Tools of the Responses API that the client runs itself, as functions of a chat and back.

The model writes arguments, and the client gets them in an item of its own type: ``shell``,
``apply_patch``, ``local_shell`` and a ``tool_search`` that the client executes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject

STRING: JsonObject = {"type": "string"}
INTEGER: JsonObject = {"type": "integer"}
STRINGS: JsonObject = {"type": "array", "items": STRING}
OPERATIONS = ("create_file", "update_file", "delete_file")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTool:
    """``fields`` makes an item's fields of arguments, None if they do not fit; ``arguments`` is
    the way back. ``result`` is the text of an item that holds a result.
    """

    kind: str
    description: str
    parameters: JsonObject
    fields: Callable[[JsonObject], JsonObject | None]
    arguments: Callable[[JsonObject], Any]
    result: Callable[[JsonObject], str]

    @property
    def call(self) -> str:
        """The type of the items that call it."""
        return f"{self.kind}_call"


def _schema(*required: str, **properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties, "required": list(required)}


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _told(arguments: JsonObject, **kinds: type) -> JsonObject:
    """Those of ``arguments`` that are of the kind that their item wants."""
    return {k: arguments[k] for k, kind in kinds.items() if isinstance(arguments.get(k), kind)}


def _local_shell(arguments: JsonObject) -> JsonObject | None:
    if not _is_strings(arguments.get("command")):
        return None
    more = _told(arguments, timeout_ms=int, working_directory=str, user=str)
    return {"action": {"type": "exec", "command": arguments["command"], "env": {}} | more}


def _shell(arguments: JsonObject) -> JsonObject | None:
    if not _is_strings(arguments.get("commands")):
        return None
    more = _told(arguments, timeout_ms=int, max_output_length=int)
    return {"action": {"commands": arguments["commands"]} | more}


def _apply_patch(arguments: JsonObject) -> JsonObject | None:
    match arguments:
        case {"type": "delete_file", "path": str(path)}:
            return {"operation": {"type": "delete_file", "path": path}}
        case {"type": "create_file" | "update_file" as kind, "path": str(path), "diff": str(diff)}:
            return {"operation": {"type": kind, "path": path, "diff": diff}}
        case _:
            return None


def _tool_search(arguments: JsonObject) -> JsonObject | None:
    return {"arguments": arguments, "execution": "client"}


def _action(item: JsonObject) -> Any:
    action = item.get("action")
    if not isinstance(action, dict):
        return {}
    return {k: v for k, v in action.items() if k != "type" and v not in (None, {})}


def _output_text(item: JsonObject) -> str:
    output: Any = item.get("output")
    return output if isinstance(output, str) else encoded_json(output).decode()


def _patch_result(item: JsonObject) -> str:
    told = (item.get("status"), item.get("output"))
    return "\n".join(str(each) for each in told if each)


def _tools_found(item: JsonObject) -> str:
    tools = item.get("tools")
    found = [each for each in tools if isinstance(each, dict)] if isinstance(tools, list) else []
    names = ", ".join(str(tool.get("name")) for tool in found)
    return f"These tools can be called from now on: {names}" if names else "No tools were found."


CLIENT_TOOLS = {
    tool.kind: tool
    for tool in (
        ClientTool(
            kind="local_shell",
            description="Runs a command on the user's machine and returns its output.",
            parameters=_schema(
                "command",
                command=STRINGS | {"description": "The program and its arguments."},
                working_directory=STRING,
                timeout_ms=INTEGER,
            ),
            fields=_local_shell,
            arguments=_action,
            result=_output_text,
        ),
        ClientTool(
            kind="shell",
            description="Runs shell commands one after another and returns their output.",
            parameters=_schema(
                "commands", commands=STRINGS, timeout_ms=INTEGER, max_output_length=INTEGER
            ),
            fields=_shell,
            arguments=_action,
            result=_output_text,
        ),
        ClientTool(
            kind="apply_patch",
            description="Creates, updates or deletes a file. `diff` is in the V4A diff format.",
            parameters=_schema(
                "type",
                "path",
                type=STRING | {"enum": list(OPERATIONS)},
                path=STRING,
                diff=STRING | {"description": "Needed unless the file is deleted."},
            ),
            fields=_apply_patch,
            arguments=lambda item: item.get("operation") or {},
            result=_patch_result,
        ),
        ClientTool(
            kind="tool_search",
            description="Finds further tools, which can be called afterwards.",
            parameters=_schema("query", query=STRING),
            fields=_tool_search,
            arguments=lambda item: item.get("arguments") or {},
            result=_tools_found,
        ),
    )
}
CALLS = {tool.call: tool for tool in CLIENT_TOOLS.values()}
RESULTS = {f"{tool.call}_output": tool for tool in CLIENT_TOOLS.values()} | {
    "tool_search_output": CLIENT_TOOLS["tool_search"]
}


def is_run_by_client(tool: JsonObject) -> bool:
    """Whether the client, and no provider, executes what ``tool`` offers."""
    match tool:
        case {"type": "tool_search"}:
            return tool.get("execution") == "client"
        case {"type": "shell", "environment": {"type": str(kind)}}:
            return kind == "local"
        case {"type": str(kind)}:
            return kind in CLIENT_TOOLS
        case _:
            return False
