"""How many tokens a request may have, where its provider counts none beforehand."""

from __future__ import annotations

from typing import Any

from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject
from wire_formats.token_counts import BYTES_PER_TOKEN

FIELDS = ("system", "messages", "tools")
MEDIA_TOKENS = 1600  # of a picture or a file: the most that Anthropic counts for a picture
TEXT = "text"
SOURCE = b'"source"'


def estimated_tokens(body: JsonObject) -> int:
    """Four bytes of what the model reads for a token, as the ledger has it; 1 at the least.

    Raises :class:`wire_formats.errors.UnsendableError` for a body that could not be sent either.
    """
    read = {name: body[name] for name in FIELDS if name in body}
    text, media = encoded_json(read), 0
    if SOURCE in text:  # which most requests lack, and then they need not be walked through
        texts, media = _apart(read)
        text = encoded_json(texts)
    return max(1, -(-len(text) // BYTES_PER_TOKEN) + MEDIA_TOKENS * media)


def _apart(value: Any) -> tuple[Any, int]:
    """``value`` without its pictures and files, and how many there are."""
    match value:
        case {"source": {"type": str(kind)}} if kind != TEXT:
            return None, 1
        case dict():
            parts = {key: _apart(each) for key, each in value.items()}
            return {key: part for key, (part, _) in parts.items()}, sum(
                n for _, n in parts.values()
            )
        case list():
            items = [_apart(each) for each in value]
            return [item for item, _ in items], sum(n for _, n in items)
        case _:
            return value, 0
