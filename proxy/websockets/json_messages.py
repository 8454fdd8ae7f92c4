"""Messages of clients as JSON objects, and errors as events."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings

from proxy.client_side.errors import (
    ApiError,
    InvalidRequestError,
    PayloadTooLargeError,
    RequestTooComplexError,
)
from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_cost import TooComplexError, read_aside
from wire_formats.json_numbers import encoded_answer, read_json
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.secrets import cleaned, without_secrets

DEEPEST_MESSAGE = 100
TELLS_OF_ERROR = re.compile(r'"error"\s*(?:[,}]|:\s*["{])')


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
    return encoded_answer(event).decode()


@dataclass(frozen=True, slots=True)
class Censor:
    """Takes out of an upstream's words the ``secrets`` that no client may see.

    From its errors also what is ``kept_from_errors``, such as the addresses of upstreams.
    """

    secrets: frozenset[str] = frozenset()
    kept_from_errors: frozenset[str] = frozenset()

    def message(self, text: str) -> str:
        """A whole message, which may tell of an error."""
        if TELLS_OF_ERROR.search(text):
            return told_without(text, self.kept_from_errors)
        return without_secrets(text, self.secrets)

    def error(self, text: str) -> str:
        """A message or a text that does tell of one."""
        return told_without(text, self.kept_from_errors)


def told_without(text: str, secrets: frozenset[str]) -> str:
    """An upstream's message that tells of an error, with no secret in any string of it.

    JSON may write one string in many ways, so the strings are gone through and not the text. What
    is no JSON object is gone through as it stands.
    """
    try:
        message = json_object(text.encode())
    except UnreadableAnswerError:
        message = {}
    if not message:
        return without_secrets(text, secrets)
    told = cleaned(message, secrets, depth=DEEPEST_MESSAGE, longest=None)
    return text if told == message else encoded_answer(told).decode()
