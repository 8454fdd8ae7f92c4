"""How many tokens the input of a chat may have."""

from __future__ import annotations

from wire_formats.json_types import JsonObject
from wire_formats.token_estimate import DATA_MARK, estimated_tokens

OTHER_FIELDS = frozenset({"tools", "functions", "response_format"})  # of the input
# OpenAI's parts; then what vLLM, Mistral and Gemini's compatible API take beside them.
MEDIA = frozenset(
    {
        "image_url",
        "input_audio",
        "file",
        "video_url",
        "audio_url",
        "document_url",
        "image_embeds",
    }
)
PARTS = b'"content":['
MARKS = (b'_url"', b'"input_audio"', b'"file"', b'"image_embeds"', DATA_MARK)


def estimated_chat_tokens(body: JsonObject) -> int:
    """An estimate of the input; raises as :func:`wire_formats.token_estimate.estimated_tokens`."""
    read = {"messages": messages} if (messages := body.get("messages")) else {}
    for name in OTHER_FIELDS & body.keys():  # most have none
        if value := body[name]:
            read[name] = value
    return estimated_tokens(read, _is_media, *MARKS, within=PARTS)


def _is_media(value: JsonObject) -> bool:
    kind = value.get("type")
    return isinstance(kind, str) and kind in MEDIA
