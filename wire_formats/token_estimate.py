"""How many tokens a request may have, where its provider counts none beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject
from wire_formats.token_counts import BYTES_PER_TOKEN

MEDIA_TOKENS = 1600  # of a picture or a file: the most that Anthropic counts for a picture
DATA_URL = "data:"
DATA_MARK = b'"data:'
IsMedia = Callable[[JsonObject], bool]


def estimated_tokens(
    read: JsonObject, is_media: IsMedia, *marks: bytes, within: bytes = b""
) -> int:
    """Four bytes of what the model reads for a token, as the ledger has it; 1 at the least.

    ``is_media`` finds pictures and files among the objects in ``read``; ``data:`` URLs are some,
    too. Its JSON has ``within`` and one of ``marks`` in it where it has any. Raises
    :class:`wire_formats.errors.UnsendableError` for what could not be sent either.
    """
    text, media = encoded_json(read), 0
    # Most requests lack these, and then they need not be walked through. A search takes a
    # microsecond for each kilobyte or two.
    if within in text and any(mark in text for mark in marks):
        texts, media = _apart(read, is_media)
        text = encoded_json(texts)
    return -(-len(text) // BYTES_PER_TOKEN) + MEDIA_TOKENS * media or 1


def _apart(value: Any, is_media: IsMedia) -> tuple[Any, int]:
    """``value`` without its pictures and files, and how many there are."""
    if isinstance(value, list):
        items = [_apart(each, is_media) for each in value]
        return [item for item, _ in items], sum(n for _, n in items)
    if not isinstance(value, dict):
        is_url = isinstance(value, str) and value.startswith(DATA_URL)
        return (None, 1) if is_url else (value, 0)
    if is_media(value):
        return None, 1
    parts = {key: _apart(each, is_media) for key, each in value.items()}
    return {key: part for key, (part, _) in parts.items()}, sum(n for _, n in parts.values())
