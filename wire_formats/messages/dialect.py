"""Streams of Anthropic's Messages."""

from __future__ import annotations

import re

from wire_formats.chat.dialect import TranslatedChatDialect
from wire_formats.dialect import END, NOTHING, DescribedError, Dialect, Meaning
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.messages.error_types import in_anthropics_words, with_status
from wire_formats.messages.whole_as_stream import message_events
from wire_formats.sse import data_of, typed_event
from wire_formats.token_counts import Tokens, read_messages_usage


class MessagesDialect(Dialect):
    """Anthropic's Messages: named events from ``message_start`` to ``message_stop``."""

    ending = typed_event("message_stop")
    _types = re.compile(rb'"type"\s*:\s*"(?:message_(?:start|delta|stop)|error)"')

    _said = re.compile(
        rb'"type"\s*:\s*"(?:text|thinking)_delta"\s*,\s*"(?:text|thinking)"\s*:\s*"[^"]'
    )

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
                return Meaning(error=with_status(parsed.get("error")))
        return NOTHING

    def shows_content(self, chunk: bytes) -> bool:
        return self._said.search(chunk) is not None

    def has_content(self, event: bytes) -> bool:
        match json_object(data_of(event)):
            case {"type": "content_block_delta", "delta": dict(delta)}:
                return any(value for name, value in delta.items() if name != "type")
            case {"type": "content_block_start", "content_block": {"type": "text" | "thinking"}}:
                return False
            case {"type": "content_block_start"}:  # a tool's call, or what is sealed
                return True
        return False

    def events_of(self, answer: JsonObject) -> bytes:
        return message_events(answer)

    def error_event(
        self, error: DescribedError, *, request_id: str, last_block: bytes, opening: bytes = b""
    ) -> bytes:
        return typed_event("error", error=in_anthropics_words(error), request_id=request_id)


MESSAGES = MessagesDialect()
TRANSLATED_CHAT = TranslatedChatDialect(MESSAGES)
