"""OpenAI's Responses."""

from __future__ import annotations

import re
from typing import Any

from wire_formats.chat.dialect import TranslatedChatDialect
from wire_formats.dialect import END, NOTHING, DescribedError, Dialect, Meaning
from wire_formats.json_numbers import encoded_answer
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.responses.broken_off import error_fields, failure_events, opening_in
from wire_formats.responses.whole_as_stream import response_events
from wire_formats.secrets import failure_without_secrets
from wire_formats.sse import DONE_MARK, data_of, encoded_event
from wire_formats.token_counts import Tokens, read_tier, read_usage

# The events before the first piece of what a model makes.
START_UP = frozenset(
    {
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.content_part.added",
        "response.reasoning_summary_part.added",
    }
)


class ResponsesDialect(Dialect):
    """OpenAI's Responses: numbered events with a ``type``; the last one holds the whole answer."""

    ending = b""
    _types = re.compile(
        rb'"type"\s*:\s*"(?:response\.(?:completed|incomplete|failed)|error)"|"error"\s*:\s*[{"]'
    )

    def is_noteworthy(self, block: bytes) -> bool:
        return bool(self._types.search(block)) or DONE_MARK in block

    def meaning_of(self, event: bytes, tokens: Tokens) -> Meaning:
        data = data_of(event)
        if data.startswith(DONE_MARK):
            return END
        parsed = json_object(data)
        match parsed.get("type"):
            case "response.completed" | "response.incomplete" | "response.failed" as kind:
                answer = parsed.get("response")
                read_usage(answer.get("usage") if isinstance(answer, dict) else None, tokens)
                read_tier(answer, tokens)
                code = "upstream_error" if kind == "response.failed" else ""
                return Meaning(has_finished=True, is_end=True, has_failed=bool(code), code=code)
            case "error":
                return Meaning(error=parsed.get("error") or parsed)
            case None if parsed.get("error"):
                return Meaning(error=parsed["error"])
        return NOTHING

    def has_content(self, event: bytes) -> bool:
        match json_object(data_of(event)):
            case {"type": "response.output_item.added", "item": {"type": "message" | "reasoning"}}:
                return False
            case {"type": str(kind)} if kind in START_UP:
                return False
            case {"delta": ""}:
                return False
            case {"type": str(kind)}:
                return kind.startswith("response.")
        return False

    def events_of(self, answer: JsonObject) -> bytes:
        return response_events(answer)

    def failure_in(self, event: bytes) -> Any:
        match json_object(data_of(event)):
            case {"response": {"error": error}}:
                return error
        return None

    def clean(self, event: bytes, secrets: frozenset[str]) -> bytes:
        parsed = json_object(data_of(event))
        told = parsed | {"response": failure_without_secrets(parsed.get("response"), secrets)}
        if told == parsed:
            return event
        return b"event: response.failed\ndata: " + encoded_answer(told) + b"\n\n"

    def opening_in(self, block: bytes) -> bytes:
        return opening_in(block)

    def error_event(
        self, error: DescribedError, *, request_id: str, last_block: bytes, opening: bytes = b""
    ) -> bytes:
        return failure_events(error, request_id=request_id, opening=opening, last_block=last_block)


class _ErrorAlone(ResponsesDialect):
    """For the reader of a translated stream, which tells of its response's end itself."""

    def error_event(
        self, error: DescribedError, *, request_id: str, last_block: bytes, opening: bytes = b""
    ) -> bytes:
        return encoded_event(error_fields(error), name="error")


RESPONSES = ResponsesDialect()
TRANSLATED_CHAT = TranslatedChatDialect(_ErrorAlone())
