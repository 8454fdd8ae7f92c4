"""Which bodies may be sent twice, as the client has nothing of the second request."""

from __future__ import annotations

from typing import Any

from wire_formats.json_types import JsonObject

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


def is_harmless(body: JsonObject) -> bool:
    """Whether ``body``, or what is added to one by default, sets nothing in motion."""
    if any(body.get(name) for name in SETTING_IN_MOTION):
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
