"""The ways to ask for a stream, and how each of them tells that it failed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.faults.errors import assert_error_object, assert_shows_nothing
from tests.support.api import CHAT, HELLO
from tests.support.responders import chunk, head

STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
RESPONSES, MESSAGES = "/v1/responses", "/v1/messages"


def named(kind: str, **fields: Any) -> bytes:
    """An event as Responses and Messages write it."""
    return b"event: %b\ndata: %b\n\n" % (
        kind.encode(),
        json.dumps({"type": kind, **fields}).encode(),
    )


CHAT_EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
RESPONSES_EVENTS = named(
    "response.created", sequence_number=0, response={"id": "resp_1", "status": "in_progress"}
) + named("response.output_text.delta", sequence_number=1, output_index=0, delta="Hel")
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [],
    "usage": {"input_tokens": 3, "output_tokens": 1},
}
MESSAGES_EVENTS = (
    named("message_start", message=MESSAGE)
    + named("content_block_start", index=0, content_block={"type": "text", "text": ""})
    + named("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hel"})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """``upstream_path`` is asked, and begins with ``events``; ``error`` is one in its own words.

    ``assert_failed(rest, code)`` looks at what the client got behind those events.
    """

    path: str
    body: dict[str, Any]
    upstream_path: str
    events: bytes
    error: bytes
    assert_failed: Callable[[bytes, str], None]

    @property
    def begin(self) -> bytes:
        """What the upstream sends, up to the events that are complete."""
        return STREAM_HEAD + chunk(self.events)


def assert_chat_failed(rest: bytes, code: str) -> None:
    assert rest.startswith(b'data: {"error":')
    assert_error_object(json.loads(rest.removeprefix(b"data: "))["error"], code)


def assert_response_failed(rest: bytes, code: str) -> None:
    error, failed, nothing = rest.split(b"\n\n")
    assert nothing == b""
    event = _data_of_named(error, "error")
    assert set(event) == {"type", "code", "message", "param", "sequence_number"}
    assert (event["type"], event["code"], event["sequence_number"]) == ("error", code, 2)
    assert_shows_nothing(event)
    last = _data_of_named(failed, "response.failed")
    assert last["sequence_number"] == 3
    assert (last["response"]["id"], last["response"]["status"]) == ("resp_1", "failed")
    assert last["response"]["error"]["message"] == event["message"]
    assert_shows_nothing(last["response"]["error"])


def assert_message_failed(rest: bytes, code: str) -> None:
    event = _data_of_named(rest, "error")
    assert set(event) == {"type", "error", "request_id"}
    assert event["request_id"].startswith("req_")
    assert event["error"]["type"] in {"api_error", "timeout_error"}
    assert event["error"]["message"]
    assert_shows_nothing(event)


def _data_of_named(rest: bytes, kind: str) -> dict[str, Any]:
    """The data of ``rest``, which must be one event and no more."""
    mark = b"event: %b\ndata: " % kind.encode()
    assert rest.startswith(mark)
    found: dict[str, Any] = json.loads(rest.removeprefix(mark))
    return found


def _chat(model: str) -> dict[str, Any]:
    return {"model": model, "messages": HELLO, "stream": True}


def _message(model: str) -> dict[str, Any]:
    return _chat(model) | {"max_tokens": 50}


CHAT_ERROR = b'data: {"error":{"message":"Overloaded","type":"overloaded"}}\n\n'
MESSAGES_ERROR = named("error", error={"type": "api_error", "message": "Overloaded"})
ON_CHAT = {"upstream_path": CHAT, "events": CHAT_EVENT, "error": CHAT_ERROR}
ON_MESSAGES = {"upstream_path": MESSAGES, "events": MESSAGES_EVENTS, "error": MESSAGES_ERROR}
SURFACES = {
    "chat": Surface(path=CHAT, body=_chat("gpt-4o"), assert_failed=assert_chat_failed, **ON_CHAT),
    "responses": Surface(
        path=RESPONSES,
        body={"model": "gpt-4o", "input": "Hello", "stream": True},
        upstream_path=RESPONSES,
        events=RESPONSES_EVENTS,
        error=named("error", code=None, message="Overloaded", sequence_number=2),
        assert_failed=assert_response_failed,
    ),
    "messages": Surface(
        path=MESSAGES, body=_message("claude"), assert_failed=assert_message_failed, **ON_MESSAGES
    ),
    "messages over a chat": Surface(
        path=MESSAGES, body=_message("gpt-4o"), assert_failed=assert_message_failed, **ON_CHAT
    ),
    "a chat over messages": Surface(
        path=CHAT, body=_chat("claude"), assert_failed=assert_chat_failed, **ON_MESSAGES
    ),
}
