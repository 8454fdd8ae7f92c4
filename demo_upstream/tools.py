"""Tool calls: a demo model calls the tool whose name the user mentions."""

from __future__ import annotations

from typing import Any

import orjson

from demo_upstream.errors import DemoError
from demo_upstream.fields import JsonObject, object_of, objects_of

EXAMPLES = {"integer": 1, "number": 1.5, "boolean": True, "array": [], "object": {}, "null": None}


def tool_call(body: JsonObject, prompt: str) -> JsonObject | None:
    """The call to make in answer to ``prompt``, or None. Raises ``DemoError``."""
    functions = {_name(tool): object_of(tool, "function") for tool in objects_of(body, "tools")}
    name = _chosen(body.get("tool_choice"), list(functions), prompt)
    if name is None:
        return None
    arguments = orjson.dumps(_arguments(functions[name], prompt)).decode()
    call = {"name": name, "arguments": arguments}
    return {"id": "call_demo", "type": "function", "function": call}


def _name(tool: JsonObject) -> str:
    name = object_of(tool, "function").get("name")
    if not isinstance(name, str) or not name:
        raise DemoError("Each tool needs a function with a name.", param="tools")
    return name


def _chosen(choice: Any, names: list[str], prompt: str) -> str | None:
    if isinstance(choice, dict):
        name = object_of(choice, "function").get("name")
        if name not in names:
            raise DemoError(f"There is no tool {name!r}.", param="tool_choice")
        return str(name)
    if choice == "none" or not names:
        return None
    fallback = names[0] if choice == "required" else None
    return next((name for name in names if name in prompt), fallback)


def _arguments(function: JsonObject, prompt: str) -> JsonObject:
    """An example for each required argument."""
    parameters = object_of(function, "parameters")
    properties = object_of(parameters, "properties")
    required = parameters.get("required")
    names = required if isinstance(required, list) else []
    return {n: _example(properties.get(n), prompt) for n in names if isinstance(n, str)}


def _example(schema: Any, prompt: str) -> Any:
    match schema:
        case {"enum": [first, *_]}:
            return first
        case {"type": str(kind)}:
            return EXAMPLES.get(kind, prompt)
        case _:
            return prompt
