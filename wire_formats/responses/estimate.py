"""How many tokens the input of a response may have."""

from __future__ import annotations

from wire_formats.json_types import JsonObject
from wire_formats.token_estimate import DATA_MARK, estimated_tokens

FIELDS = ("instructions", "input", "tools", "text")
MEDIA = frozenset(
    {"input_image", "input_file", "input_audio", "input_video", "image_generation_call"}
)
TYPED = b'"type":"'
MARKS = (b'"input_', b'"image_generation_call"', DATA_MARK)


def estimated_input_tokens(body: JsonObject) -> int:
    """An estimate of the input; raises as :func:`wire_formats.token_estimate.estimated_tokens`."""
    read = {name: body[name] for name in FIELDS if body.get(name)}
    return estimated_tokens(read, _is_media, *MARKS, within=TYPED)


def _is_media(value: JsonObject) -> bool:
    kind = value.get("type")
    return isinstance(kind, str) and kind in MEDIA
