"""Which calls may be made twice, as the client has nothing of the second one."""

from __future__ import annotations

from typing import Any

from connections.call import Call

# Fields that have the provider keep something, or look things up and run things itself.
SETTING_IN_MOTION = (
    "background",
    "container",
    "data_sources",
    "mcp_servers",
    "plugins",
    "search_parameters",
    "store",
)
EVEN_IF_EMPTY = ("web_search_options",)  # an empty object turns the search on
CLIENTS_TOOLS = frozenset({"function", "custom"})  # which the provider does not run itself
NAMES = ("function", "name")  # a tool without a type is the client's if it has one of them


def is_harmless(call: Call) -> bool:
    """Whether ``call`` sets nothing in motion, as far as its body tells."""
    body = call.body
    if call.upload is not None or any(body.get(name) for name in SETTING_IN_MOTION):
        return False
    if any(body.get(name) is not None for name in EVEN_IF_EMPTY):
        return False
    tools = body.get("tools") or []
    return isinstance(tools, list) and all(map(_is_clients, tools))


def _is_clients(tool: Any) -> bool:
    match tool:
        case {"type": str(kind)}:
            return kind in CLIENTS_TOOLS
        case {"type": _}:
            return False
        case dict():
            return any(name in tool for name in NAMES)
        case _:
            return False
