"""The outcome table, row by row: what the first of two targets does, and what the client gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from tests.acceptance.resilience.ways import Way
from tests.support.scripted_upstream import (
    Script,
    cut,
    end_at_once,
    error_first,
    hang,
    html,
    reset,
    status,
)

ALWAYS = {"ambiguous": "always"}
NEVER = {"ambiguous": "never"}
LONG = {"code": "context_length_exceeded", "type": "invalid_request_error", "param": "messages"}
FILTERED = {"code": "content_filter", "type": "invalid_request_error"}
UNKNOWN = {"code": "model_not_found", "type": "invalid_request_error"}
REFUSED_KEY = {"code": "invalid_api_key", "message": "Incorrect API key provided."}


class Answers(Enum):
    """Who answers in the end."""

    SECOND = auto()  # the other target
    FALLBACK = auto()  # another model
    NOBODY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``script`` None: the first target cannot be reached. ``status`` is what the client gets.

    ``policy`` is empty where the default one will do, which allows to ask again for what may have
    been billed. ``connection`` are fields of the first one. ``handshake`` is the status of an
    upstream of sockets in place of the script; None where the row says nothing about sockets.
    ``is_about_key``: what is learned holds for all models of the connection. ``is_streamed`` None:
    for streams and for whole responses. ``is_variant`` of another row, which is tried in the
    formats of chats alone.
    """

    script: Script | None
    answers: Answers = Answers.SECOND
    status: int = 200
    code: str | None = None
    policy: dict[str, Any] = field(default_factory=dict)
    route: dict[str, Any] = field(default_factory=dict)
    connection: dict[str, Any] = field(default_factory=dict)
    handshake: int | None = None
    is_about_key: bool = False
    is_streamed: bool | None = None
    is_for_json: bool = False
    is_variant: bool = False

    def is_for(self, way: Way) -> bool:
        """Whether the row can happen on ``way``."""
        if self.is_variant and not way.is_chat:
            return False
        if self.answers is Answers.FALLBACK and not way.has_fallback:
            return False
        if self.script is reset and way.is_repeated_below:
            return False
        if way.is_socket:
            return self.handshake is not None
        if self.is_for_json and not way.is_json:
            return False
        return self.is_streamed in {None, way.is_streamed}


def _stopped(number: int, *, is_variant: bool = False, **error: Any) -> Row:
    script = status(number, **({"type": "invalid_request_error"} | error))
    return Row(script=script, answers=Answers.NOBODY, status=number, is_variant=is_variant)


def _pair(
    name: str, script: Script, *, policy: dict[str, Any] | None = None, **fields: Any
) -> dict[str, Row]:
    """What may have been billed: without leave to ask again, and with it."""
    fails = {"status": 502} | {k: v for k, v in fields.items() if k in {"status", "code"}}
    shared = {k: v for k, v in fields.items() if k not in fails}
    # To open a socket sets nothing in motion, so it never needs leave.
    for_http = {k: v for k, v in shared.items() if k != "handshake"}
    never = NEVER | (policy or {})
    always = ALWAYS | policy if policy else {}
    return {
        name: Row(script=script, answers=Answers.NOBODY, policy=never, **fails, **for_http),
        f"{name}, if it may be billed twice": Row(script=script, policy=always, **shared),
    }


QUICK = {"first_content_timeout_seconds": 0.3}

ROWS: dict[str, Row] = {
    "unreachable": Row(script=None, handshake=0),
    "401": Row(script=status(401, **REFUSED_KEY), handshake=401, is_about_key=True),
    "403 of a key": Row(script=status(403, **REFUSED_KEY), is_about_key=True, is_variant=True),
    "402": Row(script=status(402), is_about_key=True, is_variant=True),
    "429 without quota": Row(script=status(429, code="insufficient_quota"), is_about_key=True),
    "429": Row(script=status(429, {"Retry-After": "7"}), handshake=429),
    "429 without a header": Row(script=status(429), is_variant=True),
    "503": Row(script=status(503), handshake=503),
    "503 as a page": Row(script=html(503), is_variant=True),
    "529": Row(script=status(529, type="overloaded_error"), is_variant=True),
    **_pair("500", status(500), code="upstream_error", handshake=500),
    **_pair("502 as a page", html(502), code="upstream_error", is_variant=True),
    **_pair("504", status(504), status=504, is_variant=True),
    **_pair("silence", hang, status=504, code="upstream_timeout", policy=QUICK, is_streamed=True),
    **_pair(
        "silence instead of a whole response",
        hang,
        status=504,
        code="upstream_timeout",
        connection={"timeout_seconds": 1},
        is_streamed=False,
        is_variant=True,
    ),
    **_pair("reset", reset, code="upstream_unavailable"),
    **_pair("cut", cut(after=0), is_for_json=True),
    **_pair("an end before any content", end_at_once, is_streamed=True, is_for_json=True),
    "400": _stopped(400, param="messages"),
    "404": _stopped(404, param="item", is_variant=True),
    "409": _stopped(409, is_variant=True),
    "413": _stopped(413, is_variant=True),
    "415": _stopped(415, is_variant=True),
    "422": _stopped(422, is_variant=True),
    "too long": Row(
        script=status(400, **LONG), answers=Answers.FALLBACK, route={"context_fallback": True}
    ),
    "too long, without a fallback": _stopped(400, **LONG),
    "filtered": Row(
        script=status(400, **FILTERED), answers=Answers.FALLBACK, route={"content_fallback": True}
    ),
    "filtered, without a fallback": _stopped(400, **FILTERED),
    "a model that is unknown": Row(script=status(404, **UNKNOWN)),
    "rate_limit_exceeded first": Row(script=error_first("rate_limit_exceeded"), is_for_json=True),
    "insufficient_quota first": Row(
        script=error_first("insufficient_quota"),
        is_about_key=True,
        is_for_json=True,
        is_variant=True,
    ),
    "overloaded_error first": Row(
        script=error_first("overloaded_error"), is_for_json=True, is_variant=True
    ),
    "overloaded_error after the start": Row(
        script=error_first("overloaded_error", after=2), is_streamed=True, is_for_json=True
    ),
    **_pair("server_error first", error_first("server_error"), is_for_json=True),
    "context_length_exceeded first": Row(
        script=error_first("context_length_exceeded"),
        answers=Answers.FALLBACK,
        route={"context_fallback": True},
        is_for_json=True,
    ),
    "invalid_api_key first": Row(
        script=error_first("invalid_api_key"),
        is_about_key=True,
        is_for_json=True,
        is_variant=True,
    ),
    "a word that is unknown first": Row(
        script=error_first("gremlins"),
        answers=Answers.NOBODY,
        status=502,
        policy=NEVER,
        is_for_json=True,
        is_variant=True,
    ),
    "a break after content": Row(
        script=cut(after=40),
        answers=Answers.NOBODY,
        is_streamed=True,
        is_for_json=True,
    ),
}
