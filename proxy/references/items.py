"""Items of a Responses input, and whether they stand for something that the upstream keeps."""

from __future__ import annotations

from wire_formats.json_types import JsonObject

ITEM_REFERENCE = "itemreference"  # folded
ITEM_FIELDS = {"id": "id", "encryptedcontent": "encrypted_content", "content": "content"}
# Items that say all there is to them; any other with an id stands for what the upstream keeps.
SELF_CONTAINED = frozenset(
    {
        "apply_patch_call",
        "apply_patch_call_output",
        "computer_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "function_call",
        "function_call_output",
        "local_shell_call",
        "local_shell_call_output",
        "mcp_approval_response",
        "mcp_call",
        "mcp_list_tools",
        "shell_call",
        "shell_call_output",
        "tool_search_call",
    }
)


def says_it_all(item: JsonObject) -> bool:
    """Whether the upstream need not look up ``item`` by its id."""
    match item.get("type"):
        case None | "message":
            return bool(item.get("content"))
        case "reasoning" | "compaction":
            return bool(item.get("encrypted_content"))
        case "additional_tools" | "tool_search_output":
            return isinstance(item.get("tools"), list)
        case str(kind):
            return kind in SELF_CONTAINED
        case _:
            return False


def stands_for_another(item: JsonObject) -> bool:
    """Whether ``item`` has an id by which the upstream would look it up."""
    return bool(item.get("id")) and not says_it_all(item)
