"""Items of a response's input as the API shows them later: with an id, spelled out.

https://platform.openai.com/docs/api-reference/responses/input-items
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject

PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "compaction": "cmp",
}
OTHER = "item"
WITH_STATUS = frozenset(PREFIXES) - {"reasoning", "compaction"}
ITEM_ID = re.compile(r"[\w.:=+/-]{1,100}", re.ASCII)  # any other is replaced
REFERENCE = "item_reference"


def listed_input(input_: Any, *, place: str = "input") -> list[JsonObject]:
    """``input``, a string or an array, as items. Raises ``UnsendableError``."""
    if isinstance(input_, str):
        return [{"type": "message", "role": "user", "content": input_}]
    if input_ is None:
        return []
    if not isinstance(input_, list):
        raise UnsendableError(f"`{place}` must be a string or an array of items.", param=place)
    for index, item in enumerate(input_):
        if not isinstance(item, dict):
            at = f"{place}[{index}]"
            raise UnsendableError(f"`{at}` must be an object.", param=at)
    return input_


def kind_of_item(item: JsonObject) -> str:
    """The type of ``item``; messages may leave theirs out, and so may references."""
    kind = item.get("type")
    if isinstance(kind, str):
        return kind
    return "message" if "role" in item else REFERENCE


def stored_items(items: list[JsonObject], *, new_id: Callable[[str], str]) -> Iterator[JsonObject]:
    """Each item with its type, an ``id`` and its content as parts. ``new_id`` takes a prefix."""
    for item in items:
        kind = kind_of_item(item)
        id_ = item.get("id")
        if not isinstance(id_, str) or ITEM_ID.fullmatch(id_) is None:
            id_ = new_id(PREFIXES.get(kind, OTHER))
        named = {name: value for name, value in item.items() if value is not None}
        stored = named | {"id": id_, "type": kind}
        if kind == "message":
            stored["content"] = _parts(item)
        if kind in WITH_STATUS:
            stored.setdefault("status", "completed")
        yield stored


def _parts(message: JsonObject) -> Any:
    content = message.get("content")
    if not isinstance(content, str):
        return content
    if message.get("role") == "assistant":
        return [{"type": "output_text", "text": content, "annotations": [], "logprobs": []}]
    return [{"type": "input_text", "text": content}]
