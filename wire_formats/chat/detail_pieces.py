"""The pieces of ``reasoning_details`` in a stream, put together to one entry each.

OpenRouter tells the number, the ``id`` and the ``format`` of an entry with each of its pieces.
https://openrouter.ai/docs/guides/best-practices/reasoning-tokens
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wire_formats.json_types import JsonObject

TEXTS = ("text", "summary")  # the fields whose pieces are joined; of others the first value counts
SEAL = "data"


def joined_details(pieces: Iterable[Any]) -> list[Any]:
    """One entry for each index and type, in the order in which they began.

    Pieces without an ``index`` stay as they are, and so do those that seal another thought.
    """
    whole: list[Any] = []
    open_entries: dict[tuple[Any, Any], JsonObject] = {}
    for piece in pieces:
        if not isinstance(piece, dict) or not isinstance(piece.get("index"), int | str):
            whole.append(piece)
            continue
        place = (piece["index"], str(piece.get("type")))
        entry = open_entries.get(place)
        if entry is not None and _belong_together(entry, piece):
            _add(entry, piece)
        else:
            open_entries[place] = entry = dict(piece)
            whole.append(entry)
    return whole


def _belong_together(entry: JsonObject, piece: JsonObject) -> bool:
    ids = {each["id"] for each in (entry, piece) if isinstance(each.get("id"), str) and each["id"]}
    return len(ids) < 2 and not (entry.get(SEAL) and piece.get(SEAL))


def _add(entry: JsonObject, piece: JsonObject) -> None:
    for name, value in piece.items():
        if name in TEXTS and isinstance(value, str):
            said = entry.get(name)
            entry[name] = said + value if isinstance(said, str) else value
        elif entry.get(name) in (None, ""):
            entry[name] = value
