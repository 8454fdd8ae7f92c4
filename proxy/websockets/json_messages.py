"""Messages of clients as JSON objects, and errors as events."""

from __future__ import annotations

from typing import Any

import orjson
from django.conf import settings

from proxy.client_side.errors import (
    ApiError,
    InvalidRequestError,
    PayloadTooLargeError,
    RequestTooComplexError,
)
from wire_formats.json_cost import TooComplexError, read_aside
from wire_formats.json_numbers import read_json
from wire_formats.json_types import JsonObject


async def read_message(text: str) -> JsonObject:
    """The JSON object in a client's message. Raises ``InvalidRequestError``."""
    limit = settings.GATEWAY_WS_MAX_MESSAGE_BYTES
    raw = text.encode()
    if len(raw) > limit:
        raise PayloadTooLargeError(limit)
    try:
        message: Any = await read_aside(read_json, raw)
    except TooComplexError as exc:
        raise RequestTooComplexError from exc
    except orjson.JSONDecodeError as exc:
        raise InvalidRequestError("The message is not valid JSON.") from exc
    if not message or not isinstance(message, dict):
        raise InvalidRequestError("The message must be a JSON object.")
    return message


def error_event(error: ApiError) -> str:
    """``error`` as OpenAI's sockets tell of one."""
    event = {"type": "error", "status": int(error.status), **error.body()}
    return orjson.dumps(event).decode()
