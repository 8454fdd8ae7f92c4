"""Lists of models in Anthropic's form."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from wire_formats.json_types import JsonObject


def model_page(entries: Iterable[JsonObject]) -> JsonObject:
    """All of ``entries`` as the one page there is."""
    data = [model_info(entry) for entry in entries]
    return {
        "data": data,
        "has_more": False,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }


def model_info(entry: JsonObject) -> JsonObject:
    """An entry of OpenAI's list as Anthropic describes a model. What is listed can be called."""
    created_at = datetime.fromtimestamp(entry["created"], tz=UTC)
    return {
        "type": "model",
        "id": entry["id"],
        "display_name": entry["name"],
        "created_at": created_at.isoformat().replace("+00:00", "Z"),
        "lifecycle": "active",
    }
