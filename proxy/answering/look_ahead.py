"""The beginning of a stream, read until it shows that an answer comes.

Up to then another target can still be asked, and the client notices nothing. A stream begins with
start-up: comments, an event that names the role, one that says ``response.created``. What was read
is given back to the response, for the relay to read again::

    response.begun() -- chunk --> splitter -- events --> error?     -> returned
                                                         content?   -> given back, None
                                                         the end?   -> given back, None
                                                         none of it -> the next chunk
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from connections.calling.client import UpstreamResponse
from connections.errors import TooLargeError
from proxy.answering.limits import Limits
from proxy.answering.upstream_errors import told_in
from proxy.client_side.errors import UpstreamAnswerError, UpstreamTimeoutError
from wire_formats.dialect import Dialect
from wire_formats.json_cost import read_aside
from wire_formats.json_objects import json_object
from wire_formats.provider_errors import ProviderError, read_error
from wire_formats.sse import (
    FIELDS,
    EventSplitter,
    data_of,
    has_half_event,
    is_comment,
    is_event_stream,
    is_half,
    split_events,
)
from wire_formats.token_counts import Tokens

# So much of start-up is held. What follows is passed on, content or not.
MOST_EVENTS = 64
MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a stream told in place of content.

    ``is_answer``: the event of the error is the answer, too, and may be passed on where nothing
    better can be had. ``tokens`` are what the stream told of its use.
    """

    error: ProviderError
    is_answer: bool = False
    tokens: Tokens | None = None


async def look_ahead(
    response: UpstreamResponse,
    dialect: Dialect,
    limits: Limits,
    *,
    takes_any_event: bool = False,
) -> Told | None:
    """Read until there is content, or the end of an empty answer; None then.

    ``takes_any_event``: any event is content. Raises ``MidStreamError``, ``WireFormatError`` and
    ``ApiError`` for a stream that ends or breaks off before, or is none.
    """
    ahead: _Ahead | None = None
    chunks = response.begun()
    async for chunk in chunks:
        if dialect.shows_content(chunk) and not has_half_event(chunk):
            response.hold(chunk if ahead is None else b"".join((*ahead.read, chunk)), chunks)
            return None
        ahead = ahead or _Ahead(dialect, limits, takes_any_event=takes_any_event)
        if ahead.shows(chunk):
            break
    else:
        ahead = ahead or _Ahead(dialect, limits, takes_any_event=takes_any_event)
        await ahead.end()
    response.hold(b"".join(ahead.read), chunks)
    return ahead.told


class _Ahead:
    """The look at a stream: ``read`` is what came of it so far."""

    def __init__(self, dialect: Dialect, limits: Limits, *, takes_any_event: bool) -> None:
        self.read: list[bytes] = []
        self.told: Told | None = None
        self._dialect = dialect
        self._limits = limits
        self._tokens: Tokens | None = None
        self._takes_any_event = takes_any_event
        self._splitter = EventSplitter(limits.event_bytes)
        self._is_in_one_piece = False
        self._bytes = 0
        self._events = 0
        self._heard_at = time.monotonic()

    def shows(self, chunk: bytes) -> bool:
        """Whether nothing more has to be read. Raises as :func:`look_ahead` does."""
        # An object in place of a stream: no line of an event stream begins with a brace.
        if self._splitter.is_empty and not self._events and chunk.lstrip().startswith(b"{"):
            self._is_in_one_piece = True
        self.read.append(chunk)
        self._bytes += len(chunk)
        if self._is_in_one_piece:
            if self._bytes > self._limits.whole_bytes:
                raise TooLargeError
            return False
        is_whole = self._splitter.is_empty and chunk.endswith(b"\n\n")
        block = chunk if is_whole else self._splitter.feed(chunk)
        if block and self._commits(block):
            return True
        return self._bytes >= MOST_BYTES or self._events >= MOST_EVENTS

    async def end(self) -> None:
        """Judge what came until the stream ended, where no content had come."""
        if self._is_in_one_piece:
            await self._end_in_one_piece()
            return
        rest = self._splitter.flush()
        if error := json_object(data_of(rest) or rest).get("error"):
            self._fail(read_error(error))
        elif not rest.strip() or not self._commits(rest.strip(b"\r\n") + b"\n\n"):
            when = "was complete" if self._events else "began"
            raise UpstreamAnswerError(f"The upstream ended its answer before it {when}.")

    async def _end_in_one_piece(self) -> None:
        answer = await read_aside(json_object, b"".join(self.read))
        told = told_in(answer)
        if told is not None:
            self._fail(told)
        elif not self._dialect.stream_of(answer):
            raise UpstreamAnswerError("The upstream's answer is not an event stream.")

    def _commits(self, block: bytes) -> bool:
        """Whether an event of ``block`` decides, by content, by an error or by the end."""
        if not block.startswith(FIELDS) and not is_event_stream(block):
            raise UpstreamAnswerError("The upstream's answer is not an event stream.")
        is_noteworthy = self._dialect.is_noteworthy(block)
        for event in split_events(block):
            if event.startswith((b":", b"\r", b"\n")) and is_comment(event):
                self._refuse_silence()
                continue
            if is_half(event):
                raise UpstreamAnswerError("The upstream sent half an event.")
            self._heard_at = time.monotonic()
            self._events += 1
            if self._decides(event, is_noteworthy=is_noteworthy):
                return True
        return False

    def _decides(self, event: bytes, *, is_noteworthy: bool) -> bool:
        if is_noteworthy:
            self._tokens = self._tokens or Tokens()
            meaning = self._dialect.meaning_of(event, self._tokens)
            if meaning.error:
                self._fail(read_error(meaning.error))
            elif meaning.has_failed:
                self._fail(read_error(self._dialect.failure_in(event)), is_answer=True)
            if self.told is not None or meaning.has_finished or meaning.is_end:
                return True
        return self._takes_any_event or self._dialect.has_content(event)

    def _fail(self, error: ProviderError, *, is_answer: bool = False) -> None:
        told = self._tokens if self._tokens != Tokens() else None
        self.told = Told(error=error, is_answer=is_answer, tokens=told)

    def _refuse_silence(self) -> None:
        """Comments are no sign of life: an upstream may send them long after it stopped to work."""
        if time.monotonic() - self._heard_at > self._limits.idle_seconds:
            raise UpstreamTimeoutError("The upstream fell silent in mid-answer.")
