"""The interface of every dialect: how its streams begin, end and fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from wire_formats.json_types import JsonObject
from wire_formats.sse import data_of
from wire_formats.token_counts import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """The meaning of an event for its stream.

    ``has_finished``: the answer is complete, though the mark of its end may be missing.
    ``is_end``: nothing of the answer follows. ``is_usage_only``: token counts and nothing else, for
    who asked. ``error``: the upstream's error, an object or a text. ``has_failed``: the event tells
    of a failure in the upstream's own words. ``code``: as what that failure is booked, although the
    stream is in order.
    """

    has_finished: bool = False
    is_end: bool = False
    is_usage_only: bool = False
    error: Any = None
    has_failed: bool = False
    code: str = ""


class DescribedError(Protocol):
    """The event for the error that ends a stream. ``status`` is that of HTTP.

    ``details`` are for clients of the Messages API alone; others may be in the ``body``.
    """

    @property
    def status(self) -> int: ...
    @property
    def type(self) -> str: ...
    @property
    def code(self) -> str | None: ...
    @property
    def param(self) -> str | None: ...
    @property
    def message(self) -> str: ...
    @property
    def details(self) -> JsonObject | None: ...

    def body(self) -> JsonObject:
        """OpenAI's error object, ``{"error": {…}}``."""


NOTHING = Meaning()
END = Meaning(has_finished=True, is_end=True)


class Dialect:
    """The base of all: an error is an object under ``error``.

    ``ending`` is what a client waits for at the end of an answer, added where the upstream, having
    finished, forgot it.
    """

    ending: bytes

    def is_noteworthy(self, block: bytes) -> bool:
        """Whether an event of ``block`` may deserve a closer look. Runs for every chunk."""
        raise NotImplementedError

    def meaning_of(self, event: bytes, tokens: Tokens) -> Meaning:
        """A closer look at ``event``. Token counts go into ``tokens``."""
        raise NotImplementedError

    def shows_content(self, chunk: bytes) -> bool:
        """Whether a quick look at ``chunk`` finds content, in an event that may not be complete.

        False also where :meth:`has_content` has to look.
        """
        return False

    def has_content(self, event: bytes) -> bool:
        """Whether ``event`` has something of the answer, and is more than a stream's start-up.

        Text, reasoning, a tool call, audio or a refusal is content; a role is none.
        """
        return bool(data_of(event))

    def events_of(self, answer: JsonObject) -> bytes:
        """A whole ``answer`` told as a stream; empty where that cannot be done."""
        return b""

    def stream_of(self, answer: JsonObject) -> bytes:
        """``events_of`` an answer; empty, too, where it is nested too deeply to be written."""
        try:
            return self.events_of(answer)
        except TypeError:  # orjson reads 1024 levels and writes 254
            return b""

    def failure_in(self, event: bytes) -> Any:
        """The error in an event whose meaning ``has_failed``, as the upstream wrote it."""
        return None

    def clean(self, event: bytes, secrets: frozenset[str]) -> bytes:
        """An event whose meaning ``has_failed`` with nothing in its words that nobody may see."""
        return event

    def opening_in(self, block: bytes) -> bytes:
        """What ``error_event`` needs to know of the beginning of a stream, if it is in ``block``.

        Empty until it has come. A comment says that nothing is needed.
        """
        return b":"

    def error_event(
        self, error: DescribedError, *, request_id: str, last_block: bytes, opening: bytes = b""
    ) -> bytes:
        """``error`` as the last event, or as several; ``last_block`` was sent just before."""
        raise NotImplementedError
