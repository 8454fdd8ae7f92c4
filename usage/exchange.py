"""One accepted request, from its acceptance to its last byte."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from accounts.caller import Caller
from usage.attempts import Attempt
from wire_formats.token_counts import Tokens

SWITCHING_PROTOCOLS = 101


class Surface(StrEnum):
    """The API the client spoke."""

    OPENAI = "openai"
    AZURE = "azure"
    ANTHROPIC = "anthropic"
    WEBSOCKET = "websocket"


class StopReason(StrEnum):
    """Why the gateway ends a request before its time."""

    SHUTTING_DOWN = "shutting_down"
    ENDED_BY_STAFF = "ended_by_staff"
    ACCESS_WITHDRAWN = "access_withdrawn"
    CANCELLED = "cancelled"


class Waited(Protocol):
    """Something that an upstream took its time for."""

    waited_seconds: float


@dataclass(slots=True, kw_only=True, eq=False)
class Exchange:
    """The known facts of a request, filled in on its way and read at its end.

    ``accepted_at`` is in seconds since the epoch; ``started`` and ``first_byte_at`` are readings of
    ``time.monotonic``. ``upstream_seconds`` passed until upstreams said that they would answer, or
    that they would not; what ``upstream_answer`` keeps the gateway waiting for the first byte comes
    on top. ``attempts`` are in the order in which they began. ``chunks`` counts what was streamed
    to the client. ``status`` is what the client was answered, 0 while it was not; ``error_code`` is
    set also for a failure in mid-stream.
    ``has_broken``: the upstream failed after parts of its answer had passed. ``on_end`` is called
    once, when the request has ended, before it is recorded.
    ``requests`` is how many limits count it as: the responses that a socket asked for, 0 for what
    starts no work and is never refused, 1 for all else. ``images`` is how many
    the request asks for, None where it asks for none. ``limit_marks`` name the periods of limits
    that it counts towards. ``limit_headers`` tell its client what is left of limits,
    ``changed_params`` which parameters a limit has changed. ``queued_seconds`` is how long it
    waited for limits to have room.
    ``on_stop`` is how the request is ended early, set by whoever answers it; ``still_allowed``
    tells whether its caller could make it now.
    """

    request_id: str
    caller: Caller
    endpoint: str
    model: str
    is_streamed: bool = False
    surface: Surface = Surface.OPENAI
    client_request_id: str = ""
    accepted_at: float = field(default_factory=time.time)
    started: float = field(default_factory=time.monotonic)

    connection: str = ""
    upstream_model: str = ""
    upstream_request_id: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    first_byte_at: float | None = None
    upstream_seconds: float = 0.0
    upstream_answer: Waited | None = field(default=None, repr=False)
    chunks: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    status: int = 0
    error_code: str = ""
    is_client_gone: bool = False
    has_broken: bool = False
    requests: int = 1
    limit_marks: list[str] = field(default_factory=list)
    images: int | None = None
    limit_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    changed_params: tuple[str, ...] = ()
    queued_seconds: float = 0.0
    on_end: Callable[[Exchange], None] | None = field(default=None, repr=False)
    on_stop: Callable[[StopReason], None] | None = field(default=None, repr=False)
    still_allowed: Callable[[], Awaitable[bool]] | None = field(default=None, repr=False)

    def note_first_byte(self) -> None:
        """Take note that the client gets the first byte now, at the first of any number of calls.

        The upstream's time from now on does not count.
        """
        if self.first_byte_at is None:
            self.first_byte_at = time.monotonic()
            self.upstream_seconds = self._upstream_seconds_so_far
            self.upstream_answer = None

    def stop(self, reason: StopReason) -> None:
        """End the request before its time; its view tells the client why."""
        if self.on_stop is not None:
            self.on_stop(reason)

    async def is_still_allowed(self) -> bool:
        """Whether what the caller was let in for has not been withdrawn since."""
        return self.still_allowed is None or await self.still_allowed()

    @property
    def age_seconds(self) -> float:
        """How long the request has been here."""
        return time.monotonic() - self.started

    @property
    def first_byte_seconds(self) -> float | None:
        """How long the client waited for the first byte of its answer."""
        return None if self.first_byte_at is None else self.first_byte_at - self.started

    @property
    def overhead_seconds(self) -> float | None:
        """The gateway's own share of the wait for the first byte.

        What it waited for limits is no part of it. None where nothing was answered, and for a
        socket that is passed on: its upstream may have waited for the client.
        """
        waited = self.first_byte_seconds
        if waited is None or self.status == SWITCHING_PROTOCOLS:
            return None
        return max(waited - self._upstream_seconds_so_far - self.queued_seconds, 0.0)

    @property
    def _upstream_seconds_so_far(self) -> float:
        answer = self.upstream_answer
        return self.upstream_seconds + (0.0 if answer is None else answer.waited_seconds)
