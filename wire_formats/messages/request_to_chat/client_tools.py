"""Anthropic's tools that the client runs, as functions whose schema is written out.

Claude knows them by heart, and so a request names them by type alone. Any model can call them once
it is told what they take; the client runs them as ever.

https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/bash-tool
https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/text-editor-tool
https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/memory-tool
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from wire_formats.json_types import JsonObject

VERSION = re.compile(r"_20\d{6}$")
TEXT: JsonObject = {"type": "string"}
NUMBER: JsonObject = {"type": "integer"}
RANGE: JsonObject = {
    "type": "array",
    "items": NUMBER,
    "description": "First and last line, counted from 1; a last line of -1 is the end.",
}


def _schema(required: Iterable[str], **properties: JsonObject) -> JsonObject:
    return {"type": "object", "properties": properties, "required": list(required)}


def _command(*names: str) -> JsonObject:
    return {"type": "string", "enum": list(names)}


BASH = {
    "description": "Run a command in a bash shell that stays open, or restart that shell.",
    "input_schema": _schema((), command=TEXT, restart={"type": "boolean"}),
}
EDITOR = {
    "description": (
        "View and edit text files. `view` shows a file or lists a directory, `create` writes "
        "`file_text`, `str_replace` puts `new_str` in place of the one occurrence of `old_str`, "
        "`insert` adds `insert_text` (`new_str` in older versions) after the line `insert_line`."
    ),
    "input_schema": _schema(
        ("command", "path"),
        command=_command("view", "create", "str_replace", "insert", "undo_edit"),
        path=TEXT,
        file_text=TEXT,
        old_str=TEXT,
        new_str=TEXT,
        insert_line=NUMBER,
        insert_text=TEXT,
        view_range=RANGE,
    ),
}
MEMORY = {
    "description": (
        "Keep notes in files below `/memories` from one conversation to the next. Look there "
        "before you begin. Commands: `view`, `create`, `str_replace`, `insert`, `delete`, `rename`."
    ),
    "input_schema": _schema(
        ("command",),
        command=_command("view", "create", "str_replace", "insert", "delete", "rename"),
        path=TEXT,
        file_text=TEXT,
        old_str=TEXT,
        new_str=TEXT,
        insert_line=NUMBER,
        insert_text=TEXT,
        old_path=TEXT,
        new_path=TEXT,
        view_range=RANGE,
    ),
}
KNOWN: dict[str, tuple[str, JsonObject]] = {
    "bash": ("bash", BASH),
    "text_editor": ("str_replace_based_edit_tool", EDITOR),
    "memory": ("memory", MEMORY),
}


def client_tool(kind: str, tool: JsonObject) -> JsonObject | None:
    """The fields of a function for ``tool``, which is of the type ``kind``; None for any other."""
    if VERSION.search(kind) is None or VERSION.sub("", kind) not in KNOWN:
        return None
    name, known = KNOWN[VERSION.sub("", kind)]
    given = tool.get("name")
    return known | {"name": given if isinstance(given, str) and given else name}
