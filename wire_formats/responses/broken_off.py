"""The end of a response that cannot be completed: an ``error``, then ``response.failed``.

Some clients read one of the two, some the other, and none reads on behind them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from wire_formats.dialect import DescribedError
from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_object
from wire_formats.responses.whole_as_stream import LATER
from wire_formats.sse import data_of, encoded_event, split_events, typed_event

# The fields of a request that its response repeats, and what they are where nothing is said.
REPEATED: JsonObject = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "service_tier": "default",
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
# The codes of errors that a response can tell of; others have words of their own, which clients of
# Responses do not know.
CODES = {
    "provider_rate_limited": "rate_limit_exceeded",
    "rate_limit_exceeded": "rate_limit_exceeded",
    "context_length_exceeded": "context_length_exceeded",
}
BEGUN = b'"response.created"'
LONGEST_OPENING = 2**16  # bytes; it is held for as long as its stream lasts
LONGEST_REPEATED = 1000  # characters of a field, where the opening is longer
SEQUENCE_NUMBER = re.compile(rb'"sequence_number"\s*:\s*(\d{1,15})')


def opening_in(block: bytes) -> bytes:
    """The event of ``block`` that begins a response, without what is long; empty if none does."""
    if BEGUN not in block:
        return b""
    event = next((each for each in split_events(block) if BEGUN in each), b"")
    if len(event) <= LONGEST_OPENING:
        return event
    return typed_event("response.created", response=_short(response_of(event)))


def response_of(event: bytes) -> JsonObject:
    """The response that ``event`` tells of; empty if it tells of none."""
    try:
        return as_object(json_object(data_of(event)).get("response"))
    except UnreadableAnswerError:
        return {}


def number_behind(block: bytes) -> int:
    """The ``sequence_number`` of the event that follows those of ``block``."""
    numbers = SEQUENCE_NUMBER.findall(block)
    return int(numbers[-1]) + 1 if numbers else 0


def failed_response(begun: JsonObject, code: Any, message: Any) -> JsonObject:
    """The response that ``begun`` shows at its beginning, at the end that it came to.

    It has no output of its own: what was written of it has been told in events.
    """
    error = {"code": CODES.get(str(code), "server_error"), "message": message}
    return begun | LATER | {"status": "failed", "error": error}


def failure_events(
    error: DescribedError, *, request_id: str, opening: bytes, last_block: bytes
) -> bytes:
    """The events that end a stream, of which ``opening`` and ``last_block`` have been sent.

    Where nothing has been, they begin a response, since a reader takes no end of what never began.
    """
    first = number_behind(last_block)
    begun = begun_response(request_id, response_of(opening))
    told = _told(error, begun, is_new=not (opening or first))
    return b"".join(
        encoded_event({**event, "sequence_number": number}, name=event["type"])
        for number, event in enumerate(told, start=first)
    )


def _told(error: DescribedError, begun: JsonObject, *, is_new: bool) -> Iterator[JsonObject]:
    if is_new:
        yield {"type": "response.created", "response": begun}
    yield error_fields(error)
    response = failed_response(begun, error.code, error.message)
    yield {"type": "response.failed", "response": response}


def error_fields(error: DescribedError) -> JsonObject:
    """``error`` as an event of Responses, which has no number yet."""
    return {
        "type": "error",
        "code": error.code or error.type,
        "message": error.message,
        "param": error.param,
    }


def _short(response: JsonObject) -> JsonObject:
    """``response`` without the fields that repeat long ones of the request."""
    return {
        name: value
        for name, value in response.items()
        if not isinstance(value, dict | list | str)
        or (isinstance(value, str) and len(value) <= LONGEST_REPEATED)
    }


def begun_response(request_id: str, seen: JsonObject) -> JsonObject:
    """The response of which an upstream has told what is ``seen``, with all that each one has."""
    unsaid: JsonObject = {
        "id": f"resp_{request_id.removeprefix('req_')}",
        "object": "response",
        "created_at": int(time.time()),
        "model": "",
        **REPEATED,
        **LATER,
        "status": "in_progress",
    }
    return unsaid | {name: value for name, value in seen.items() if value is not None}
