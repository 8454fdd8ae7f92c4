"""How each API writes its streams: what matters in them, how they end, and how they fail.

A dialect has no state; one instance serves every stream. Whatever it does not care about is never
parsed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

from connections.call import JsonObject
from connections.spelling import read_json
from proxy.errors import ApiError
from proxy.sse import DONE, DONE_MARK, data_of, encoded_event
from proxy.upstream_usage import read_anthropic_usage, read_usage
from proxy.whole_as_stream import completion_events
from usage.exchange import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What an event means for its stream.

    ``has_finished``: the answer is complete, though the mark of its end may be missing.
    ``is_end``: nothing of the answer follows. ``is_usage_only``: token counts and nothing else, for
    who asked. ``error``: the upstream's error, an object or a text. ``code``: why the answer is a
    failure although the stream is in order.
    """

    has_finished: bool = False
    is_end: bool = False
    is_usage_only: bool = False
    error: Any = None
    code: str = ""


NOTHING = Sign()
END = Sign(has_finished=True, is_end=True)


class Dialect:
    """The base of all: an error is an object under ``error``.

    ``ending`` is what a client waits for at the end of an answer, added where the upstream, having
    finished, forgot it.
    """

    ending: bytes

    def is_noteworthy(self, block: bytes) -> bool:
        """Whether an event of ``block`` may deserve a closer look. Runs for every chunk."""
        raise NotImplementedError

    def sign_of(self, event: bytes, tokens: Tokens) -> Sign:
        """A closer look at ``event``. Token counts go into ``tokens``."""
        raise NotImplementedError

    def events_of(self, answer: JsonObject) -> bytes:
        """A whole ``answer`` told as a stream; empty where that cannot be done."""
        return b""

    def error_event(self, error: ApiError, *, request_id: str, last_block: bytes) -> bytes:
        """``error`` as an event of its own; ``last_block`` holds the events sent just before."""
        raise NotImplementedError


class ChatDialect(Dialect):
    """Chat completions and completions: nameless events, then ``[DONE]``."""

    ending = DONE
    # Keys with a value that matters; in a text inside JSON the quotes would be escaped.
    _counts_or_error = re.compile(rb'"usage"\s*:\s*\{|"error"\s*:\s*[{"]')
    # Some providers write "" where OpenAI writes null.
    _finish = re.compile(rb'"finish_reason"\s*:\s*"[^"]')

    def is_noteworthy(self, block: bytes) -> bool:
        return bool(
            self._finish.search(block) or DONE_MARK in block or self._counts_or_error.search(block)
        )

    def sign_of(self, event: bytes, tokens: Tokens) -> Sign:
        data = data_of(event)
        if data.startswith(DONE_MARK):
            return END
        parsed = json_object(data)
        if parsed.get("error"):
            return Sign(error=parsed["error"])
        usage, choices = parsed.get("usage"), parsed.get("choices")
        read_usage(usage, tokens)
        return Sign(
            has_finished=_has_finished(choices),
            is_usage_only=choices == [] and isinstance(usage, dict),
        )

    def events_of(self, answer: JsonObject) -> bytes:
        return completion_events(answer)

    def error_event(self, error: ApiError, *, request_id: str, last_block: bytes) -> bytes:
        return encoded_event(error.body())


class ResponsesDialect(Dialect):
    """OpenAI's Responses: numbered events with a ``type``; the last one holds the whole answer."""

    ending = b""
    _types = re.compile(
        rb'"type"\s*:\s*"(?:response\.(?:completed|incomplete|failed)|error)"|"error"\s*:\s*[{"]'
    )
    _sequence_number = re.compile(rb'"sequence_number"\s*:\s*(\d{1,15})')

    def is_noteworthy(self, block: bytes) -> bool:
        return bool(self._types.search(block)) or DONE_MARK in block

    def sign_of(self, event: bytes, tokens: Tokens) -> Sign:
        data = data_of(event)
        if data.startswith(DONE_MARK):
            return END
        parsed = json_object(data)
        match parsed.get("type"):
            case "response.completed" | "response.incomplete" | "response.failed" as kind:
                answer = parsed.get("response")
                read_usage(answer.get("usage") if isinstance(answer, dict) else None, tokens)
                code = "upstream_error" if kind == "response.failed" else ""
                return Sign(has_finished=True, is_end=True, code=code)
            case "error":
                return Sign(error=parsed.get("error") or parsed)
            case None if parsed.get("error"):
                return Sign(error=parsed["error"])
        return NOTHING

    def error_event(self, error: ApiError, *, request_id: str, last_block: bytes) -> bytes:
        numbers = self._sequence_number.findall(last_block)
        body = {
            "type": "error",
            "code": error.code or error.type,
            "message": error.message,
            "param": error.param,
            "sequence_number": int(numbers[-1]) + 1 if numbers else 0,
        }
        return encoded_event(body, name="error")


class AnthropicDialect(Dialect):
    """Anthropic's Messages: named events from ``message_start`` to ``message_stop``."""

    ending = encoded_event({"type": "message_stop"}, name="message_stop")
    _types = re.compile(rb'"type"\s*:\s*"(?:message_(?:start|delta|stop)|error)"')

    def is_noteworthy(self, block: bytes) -> bool:
        return self._types.search(block) is not None

    def sign_of(self, event: bytes, tokens: Tokens) -> Sign:
        parsed = json_object(data_of(event))
        match parsed.get("type"):
            case "message_start":
                message = parsed.get("message")
                usage = message.get("usage") if isinstance(message, dict) else None
                read_anthropic_usage(usage, tokens)
            case "message_delta":
                read_anthropic_usage(parsed.get("usage"), tokens)
                delta = parsed.get("delta")
                has_finished = isinstance(delta, dict) and bool(delta.get("stop_reason"))
                return Sign(has_finished=has_finished)
            case "message_stop":
                return END
            case "error":
                return Sign(error=_with_status(parsed.get("error")))
        return NOTHING

    def error_event(self, error: ApiError, *, request_id: str, last_block: bytes) -> bytes:
        body = {
            "type": "error",
            "error": {"type": anthropic_type(error.status), "message": error.message},
            "request_id": request_id,
        }
        return encoded_event(body, name="error")


class ImagesDialect(Dialect):
    """Images that come clearer and clearer. Each ends with an event, their stream with none."""

    ending = b""
    _types = re.compile(rb'"type"\s*:\s*"(?:image_\w+\.completed|error)"|"error"\s*:\s*[{"]')

    def is_noteworthy(self, block: bytes) -> bool:
        return self._types.search(block) is not None

    def sign_of(self, event: bytes, tokens: Tokens) -> Sign:
        parsed = json_object(data_of(event))
        kind = parsed.get("type")
        if kind == "error" or parsed.get("error"):
            return Sign(error=parsed.get("error") or parsed)
        read_usage(parsed.get("usage"), tokens)
        return Sign(has_finished=isinstance(kind, str) and kind.endswith(".completed"))

    def events_of(self, answer: JsonObject) -> bytes:
        images = answer.get("data")
        kind = "image_generation.completed"
        shared = {"type": kind} | {k: v for k, v in answer.items() if k != "data"}
        return b"".join(
            encoded_event(shared | image, name=kind)
            for image in (images if isinstance(images, list) else [])
            if isinstance(image, dict)
        )

    def error_event(self, error: ApiError, *, request_id: str, last_block: bytes) -> bytes:
        return encoded_event(error.body(), name="error")


CHAT = ChatDialect()
IMAGES = ImagesDialect()
RESPONSES = ResponsesDialect()
ANTHROPIC = AnthropicDialect()

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
    """What Anthropic calls an error of ``status``."""
    fallback = "api_error" if status >= 500 else "invalid_request_error"
    return ANTHROPIC_TYPES.get(status, fallback)


def json_object(data: bytes) -> JsonObject:
    """The JSON object in ``data``, empty if there is none."""
    try:
        parsed: Any = read_json(data)
    except orjson.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _with_status(error: Any) -> Any:
    """An error of Anthropic's with its status as the code, where other providers have it."""
    if not isinstance(error, dict):
        return error or "The upstream reported an error."
    return error | {"code": STATUSES.get(str(error.get("type")))}


def _has_finished(choices: Any) -> bool:
    return isinstance(choices, list) and any(
        isinstance(choice, dict) and choice.get("finish_reason") for choice in choices
    )
