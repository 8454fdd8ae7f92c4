"""How many tokens the input of a response may have, where its upstream counts none beforehand."""

from __future__ import annotations

from typing import Any

from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject
from wire_formats.token_counts import BYTES_PER_TOKEN

FIELDS = ("instructions", "input", "tools", "text")
MEDIA_TOKENS = 1600  # as for Messages
MEDIA = frozenset({"input_image", "input_file", "input_audio", "input_video"})


def estimated_input_tokens(body: JsonObject) -> int:
    """Four bytes of what the model reads for a token, as the ledger has it; 1 at the least.

    Raises :class:`wire_formats.errors.UnsendableError` for a body that could not be sent either.
    """
    read = {name: body[name] for name in FIELDS if body.get(name)}
    encoded_json(read)  # so that it is known not to be nested too deeply for the next line
    texts, media = _apart(read)
    return max(1, -(-len(encoded_json(texts)) // BYTES_PER_TOKEN) + MEDIA_TOKENS * media)


def _apart(value: Any) -> tuple[Any, int]:
    """``value`` without its pictures and files, and how many there are."""
    if isinstance(value, list):
        items = [_apart(each) for each in value]
        return [item for item, _ in items], sum(n for _, n in items)
    if not isinstance(value, dict):
        return value, 0
    if value.get("type") in MEDIA:
        return None, 1
    parts = {key: _apart(each) for key, each in value.items()}
    return {key: part for key, (part, _) in parts.items()}, sum(n for _, n in parts.values())
