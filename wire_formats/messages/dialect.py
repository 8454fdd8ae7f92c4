"""Anthropic's Messages, and what they call errors."""

from __future__ import annotations

import re
from typing import Any

from wire_formats.dialect import END, NOTHING, DescribedError, Dialect, Meaning, json_object
from wire_formats.json_types import JsonObject
from wire_formats.messages.whole_as_stream import message_events
from wire_formats.sse import data_of, typed_event
from wire_formats.token_counts import Tokens, read_messages_usage

ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}

STATUSES = {kind: status for status, kind in ANTHROPIC_TYPES.items()}


def anthropic_type(status: int) -> str:
    """Anthropic's type of an error with ``status``."""
    fallback = "api_error" if status >= 500 else "invalid_request_error"
    return ANTHROPIC_TYPES.get(status, fallback)


class AnthropicDialect(Dialect):
    """Anthropic's Messages: named events from ``message_start`` to ``message_stop``."""

    ending = typed_event("message_stop")
    _types = re.compile(rb'"type"\s*:\s*"(?:message_(?:start|delta|stop)|error)"')

    def is_noteworthy(self, block: bytes) -> bool:
        return self._types.search(block) is not None

    def meaning_of(self, event: bytes, tokens: Tokens) -> Meaning:
        parsed = json_object(data_of(event))
        match parsed.get("type"):
            case "message_start":
                message = parsed.get("message")
                usage = message.get("usage") if isinstance(message, dict) else None
                read_messages_usage(usage, tokens)
                tokens.completion = None  # it says 1 before a word is said
            case "message_delta":
                read_messages_usage(parsed.get("usage"), tokens)
                delta = parsed.get("delta")
                has_finished = isinstance(delta, dict) and bool(delta.get("stop_reason"))
                return Meaning(has_finished=has_finished)
            case "message_stop":
                return END
            case "error":
                return Meaning(error=_with_status(parsed.get("error")))
        return NOTHING

    def events_of(self, answer: JsonObject) -> bytes:
        return message_events(answer)

    def error_event(self, error: DescribedError, *, request_id: str, last_block: bytes) -> bytes:
        told = {"type": anthropic_type(error.status), "message": error.message}
        return typed_event("error", error=told, request_id=request_id)


def _with_status(error: Any) -> Any:
    """An error of Anthropic's with its status as the code, where other providers have it."""
    if not isinstance(error, dict):
        return error or "The upstream reported an error."
    return error | {"code": STATUSES.get(str(error.get("type")))}


ANTHROPIC = AnthropicDialect()
