"""How many tokens a message's request may have."""

from __future__ import annotations

from wire_formats.json_types import JsonObject
from wire_formats.token_estimate import estimated_tokens

FIELDS = ("system", "messages", "tools")


def estimated_message_tokens(body: JsonObject) -> int:
    """An estimate of the input; raises as :func:`wire_formats.token_estimate.estimated_tokens`."""
    read = {name: body[name] for name in FIELDS if name in body}
    return estimated_tokens(read, _is_media, b'"source"')


def _is_media(value: JsonObject) -> bool:
    source = value.get("source")
    kind = source.get("type") if isinstance(source, dict) else None
    return isinstance(kind, str) and kind != "text"
