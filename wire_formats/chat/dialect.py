"""Chat completions, and completions."""

from __future__ import annotations

import re
from typing import Any

from wire_formats.chat.reasoning import LISTS, TEXT_FIELDS
from wire_formats.chat.whole_as_stream import completion_events
from wire_formats.dialect import END, DescribedError, Dialect, Meaning
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.sse import DONE, DONE_MARK, data_of, encoded_event
from wire_formats.token_counts import Tokens, read_tier, read_usage

# The fields of a delta that are content, the most frequent first.
CONTENT = (
    "content",
    *TEXT_FIELDS,
    *LISTS,
    "tool_calls",
    "function_call",
    "refusal",
    "audio",
    "images",
)


class ChatDialect(Dialect):
    """Chat completions and completions: nameless events, then ``[DONE]``."""

    ending = DONE
    # Fields that matter. The same words in a model's text do not match, as JSON escapes its quotes.
    # One expression each: one that begins with alternatives is searched three times as slowly.
    _counts = re.compile(rb'"usage"\s*:\s*\{')
    _error = re.compile(rb'"error"\s*:\s*[{"]')
    # Some providers write "" where OpenAI writes null.
    _finish = re.compile(rb'"finish_reason"\s*:\s*"[^"]')

    # What nearly every delta begins with.
    _said = re.compile(
        rb'"delta"\s*:\s*\{\s*(?:"role"\s*:\s*"\w+"\s*,\s*)?'
        rb'"(?:content|reasoning_content|reasoning)"\s*:\s*"[^"]'
    )

    def is_noteworthy(self, block: bytes) -> bool:
        return bool(
            self._finish.search(block)
            or block.find(DONE_MARK) >= 0  # `in` takes longer
            or self._counts.search(block)
            or self._error.search(block)
        )

    def meaning_of(self, event: bytes, tokens: Tokens) -> Meaning:
        data = data_of(event)
        if data.startswith(DONE_MARK):
            return END
        parsed = json_object(data)
        if parsed.get("error"):
            return Meaning(error=parsed["error"])
        usage, choices = parsed.get("usage"), parsed.get("choices")
        read_usage(usage, tokens)
        read_tier(parsed, tokens)
        return Meaning(
            has_finished=_has_finished(choices),
            is_usage_only=choices == [] and isinstance(usage, dict),
        )

    def shows_content(self, chunk: bytes) -> bool:
        return self._said.search(chunk) is not None

    def has_content(self, event: bytes) -> bool:
        choices = json_object(data_of(event)).get("choices")
        return isinstance(choices, list) and any(map(_has_content, choices))

    def events_of(self, answer: JsonObject) -> bytes:
        return completion_events(answer)

    def error_event(
        self, error: DescribedError, *, request_id: str, last_block: bytes, opening: bytes = b""
    ) -> bytes:
        return encoded_event(error.body())


def _has_finished(choices: Any) -> bool:
    return isinstance(choices, list) and any(
        isinstance(choice, dict) and choice.get("finish_reason") for choice in choices
    )


def _has_content(choice: Any) -> bool:
    match choice:
        case {"delta": dict(said)} | {"message": dict(said)}:
            return any(said.get(name) for name in CONTENT)
        case {"text": str(text)}:  # of completions
            return bool(text)
    return False


CHAT = ChatDialect()


class TranslatedChatDialect(ChatDialect):
    """A chat's stream whose client reads events of another API: failures are told ``as_told``."""

    def __init__(self, as_told: Dialect) -> None:
        self._as_told = as_told

    def error_event(
        self, error: DescribedError, *, request_id: str, last_block: bytes, opening: bytes = b""
    ) -> bytes:
        return self._as_told.error_event(error, request_id=request_id, last_block=b"")
