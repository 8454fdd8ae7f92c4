"""Messages of agents, passed over at a glance: calls of tools, their results, reasoning.

An agent's request has thousands of them, and each refers to something rarely. Blocks are plain
where every name in them is known to refer to nothing; anything else is left to the walk of
:mod:`proxy.references.reading`, which finds what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxy.references.addresses import is_elsewhere, names_an_object
from proxy.references.items import stands_for_another
from proxy.references.opaque import OPAQUE, SCALARS, are_known, is_opaque
from wire_formats.json_types import JsonObject

MOST_BLOCKS = 10_000  # more are read by the walk, which goes on in a thread
# Of one message among others that have to be walked: what is seen here is not counted there.
BLOCKS_OF_ONE = 100
DEEPEST_BLOCK = 8
# None of them is guarded, in any spelling. Fields of `OPAQUE` may hold anything.
BLOCK_FIELDS = frozenset(
    {
        "action",
        "annotations",
        "arguments",
        "cache_control",
        "call_id",
        "caller",
        "content",
        "context",
        "data",
        "detail",
        "encrypted_content",
        "file",
        "file_data",
        "filename",
        "format",
        "function_call",
        "id",
        "image_url",
        "input",
        "input_audio",
        "is_error",
        "logprobs",
        "media_type",
        "name",
        "output",
        "phase",
        "reasoning",
        "reasoning_content",
        "refusal",
        "role",
        "signature",
        "source",
        "status",
        "summary",
        "text",
        "thinking",
        "title",
        "tool_call_id",
        "tool_calls",
        "tool_use_id",
        "ttl",
        "type",
        "url",
    }
)
BLOCK_TYPES = frozenset(
    {
        None,
        "base64",
        "custom_tool_call",
        "custom_tool_call_output",
        "direct",
        "document",
        "ephemeral",
        "file",
        "function_call",
        "function_call_output",
        "image",
        "image_url",
        "input_audio",
        "input_file",
        "input_image",
        "input_text",
        "local_shell_call",
        "local_shell_call_output",
        "message",
        "output_text",
        "reasoning",
        "reasoning_text",
        "redacted_thinking",
        "refusal",
        "server_tool_use",
        "summary_text",
        "text",
        "thinking",
        "tool_result",
        "tool_use",
        "url",
    }
)


ADDRESSES = frozenset({"url", "image_url"})
PLACES = ADDRESSES | {"data", "file", "file_data"}  # hold an address or content


class _NotPlainError(Exception):
    """Something has to be looked at."""


def are_plain_blocks(blocks: list[Any], *, are_items: bool, most: int = MOST_BLOCKS) -> bool:
    """Whether nothing in ``blocks`` refers to anything, as far as that shows at a glance.

    ``are_items``: an id may stand for what the upstream keeps, as in the input of Responses.
    """
    left = most
    level = blocks
    for _ in range(DEEPEST_BLOCK):
        left -= len(level)
        if left < 0 or not are_known(level, fields=BLOCK_FIELDS, types=BLOCK_TYPES):
            return False
        if are_items and level is blocks and any(map(stands_for_another, blocks)):
            return False
        try:
            level = [each for block in level for each in _inner(block)]
        except _NotPlainError:
            return False
        if not level:
            return True
    return False


def _inner(block: JsonObject) -> Iterator[Any]:
    """The objects and arrays within ``block`` that are no data of the client's own."""
    for name in PLACES.intersection(block):
        place = block[name]
        if type(place) is list or is_elsewhere(place):
            raise _NotPlainError
        if name in ADDRESSES and names_an_object(place):
            raise _NotPlainError
    if SCALARS.issuperset(map(type, block.values())):
        return
    for name, value in block.items():
        kind = type(value)
        if kind in SCALARS or name in OPAQUE or (kind is dict and is_opaque(name, block)):
            continue
        if name == "input":  # of items, or the input of an unknown tool
            raise _NotPlainError
        if kind is dict:
            yield value
        elif kind is list:
            yield from [each for each in value if type(each) not in SCALARS]
