"""Passing a stream on, and never lying about how it ended.

Bytes go on as they came. An event is parsed only when a quick look says that it matters to its
dialect. A stream that breaks off, turns to garbage or never finishes ends with an error event and
without the mark of a proper end, because clients take silence for success.
``proxy/client_side/relayed.py`` draws the way of a chunk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, suppress

from connections.calling.client import UpstreamResponse
from connections.errors import MidStreamError, TooLargeError
from proxy.answering.limits import Limits
from proxy.answering.upstream_errors import as_api_error, error_from_object, error_in
from proxy.client_side.errors import ApiError, UpstreamAnswerError, UpstreamTimeoutError
from proxy.client_side.relayed import Write
from usage.exchange import Exchange
from wire_formats.dialect import Dialect
from wire_formats.errors import WireFormatError
from wire_formats.json_cost import read_aside
from wire_formats.json_objects import json_object
from wire_formats.sse import (
    DONE_MARK,
    FIELDS,
    EventSplitter,
    data_of,
    has_half_event,
    is_comment,
    is_event_stream,
    is_half,
    split_events,
)

# How long an upstream may take to close its answer behind its end and have its connection reused.
DRAIN_SECONDS = 0.5
QUIET = (b":", b"\r", b"\n")
TELLING = tuple(field for field in FIELDS if field not in QUIET)


class Relay:
    """Relays one stream. ``open`` first, which may raise; then iterate, which does not."""

    def __init__(
        self,
        response: UpstreamResponse,
        *,
        dialect: Dialect,
        keeps_usage: bool,
        limits: Limits,
        secrets: frozenset[str],
        exchange: Exchange,
    ) -> None:
        self._response = response
        self._chunks = response.chunks()
        self._dialect = dialect
        self._splitter = EventSplitter(limits.event_bytes)
        self._keeps_usage = keeps_usage
        self._secrets = secrets
        self._exchange = exchange
        self._now = asyncio.get_running_loop().time
        self._limits = limits
        self._heard_at = self._now()
        self._bytes_left = limits.total_bytes
        self._block = b""  # what was passed on last
        self._opening = b""  # what the dialect needs of the beginning to tell of a failure
        self._has_finished = False
        self._failure: ApiError | None = None
        self.is_done = False

    async def open(self) -> None:
        """Wait for the first event, while a real status can still be answered.

        Raises ``ApiError`` when it is an error, not an event, or never comes.
        """
        try:
            while not (self._block or self._is_over):
                chunk = await anext(self._chunks)
                # An object in place of a stream: no line of an event stream begins with a brace.
                if self._splitter.is_empty and chunk.lstrip().startswith(b"{"):
                    self._block = await self._told_as_stream(chunk)
                else:
                    self._block = self._checked(self._taken(chunk))
        except StopAsyncIteration:
            raise self._error_without_events() from None
        except (MidStreamError, WireFormatError) as exc:
            raise as_api_error(exc) from exc
        if self._failure is not None:
            raise self._failure

    def pass_on_by(self, write: Write) -> None:
        """Have ``write`` send what needs no look, as soon as it arrives; it comes first.

        ``write`` says whether it could do so at once. What it could not is iterated over.
        """
        self._write = write
        self._response.offer_to(self._passed_on)

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        async with aclosing(self._chunks) as chunks:
            is_of_response = False
            try:
                yield self._block
                if not self._is_over:
                    async for chunk in chunks:
                        block = self._taken(chunk)
                        if block and (checked := self._checked(block)):
                            self._block = checked
                            yield checked
                        if self._is_over:
                            break
                    else:
                        if ending := self._ending():
                            yield ending
            except (ApiError, MidStreamError, WireFormatError) as exc:
                is_of_response = isinstance(exc, MidStreamError)
                self._failure = as_api_error(exc)
            finally:
                self._response.offer_to(None)
            if self._failure is not None:
                self._exchange.error_code = self._failure.code or self._failure.type
                # The response knows itself whether it broke off by the upstream's fault.
                self._exchange.has_broken = not is_of_response
                yield self.error_event(self._failure)
            else:
                await _drain(chunks)

    def error_event(self, error: ApiError) -> bytes:
        """``error`` as the last event of this stream."""
        return self._dialect.error_event(
            error,
            request_id=self._exchange.request_id,
            last_block=self._block,
            opening=self._opening,
        )

    @property
    def _is_over(self) -> bool:
        """Whether nothing more that the upstream says is for the client."""
        return self.is_done or self._failure is not None

    async def _told_as_stream(self, begin: bytes) -> bytes:
        """The events of an answer that comes in one piece, of which ``begin`` is there."""
        parts = [begin]
        size = len(begin)
        async for chunk in self._chunks:
            parts.append(chunk)
            size += len(chunk)
            if size > self._limits.whole_bytes:
                raise TooLargeError
        answer = await read_aside(json_object, b"".join(parts))
        if error := error_in(answer, secrets=self._secrets):
            raise error
        events = self._dialect.stream_of(answer)
        if not events:
            raise UpstreamAnswerError("The upstream's answer is not an event stream.")
        return self._checked(events)

    def _passed_on(self, chunk: bytes) -> bool:
        """Whether ``chunk`` is whole events that matter to nobody here, and has gone to the client.

        Called for nearly every chunk of a stream, in the midst of reading from a socket.
        """
        if (
            not self._splitter.is_empty
            or not (chunk.startswith(TELLING) and chunk.endswith(b"}\n\n"))
            or has_half_event(chunk)
            or len(chunk) > self._bytes_left
            or self._dialect.is_noteworthy(chunk)
            or not self._write(chunk)
        ):
            return False
        self._bytes_left -= len(chunk)
        self._heard_at = self._now()
        self._block = chunk
        self._opening = self._opening or self._dialect.opening_in(chunk)
        return True

    def _taken(self, chunk: bytes) -> bytes:
        """The events that ``chunk`` completes. Raises ``TooLargeError`` past the cap."""
        self._bytes_left -= len(chunk)
        if self._bytes_left < 0:
            raise TooLargeError
        return self._splitter.feed(chunk)

    def _checked(self, block: bytes) -> bytes:
        """``block`` as the client may see it: up to the end of the answer, or up to an error.

        Raises ``ApiError`` for what is not an event stream, and for comments in place of events.
        """
        if not block.startswith(FIELDS) and not is_event_stream(block):
            raise UpstreamAnswerError("The upstream's answer is not an event stream.")
        if self._dialect.is_noteworthy(block) or has_half_event(block):
            block = b"".join(self._wanted(split_events(block)))
        self._opening = self._opening or self._dialect.opening_in(block)
        if not block.startswith(QUIET) or not is_comment(block):
            self._heard_at = self._now()
        elif self._now() - self._heard_at > self._limits.idle_seconds:
            raise UpstreamTimeoutError("The upstream fell silent in mid-answer.")
        return block

    def _wanted(self, events: list[bytes]) -> Iterator[bytes]:
        """The events the client gets. The end is the last; an error is kept, and ends them."""
        for event in events:
            if is_half(event):
                self._failure = UpstreamAnswerError("The upstream sent half an event.")
                return
            meaning = self._dialect.meaning_of(event, self._exchange.tokens)
            if meaning.error:
                self._failure = error_from_object(meaning.error, secrets=self._secrets)
                return
            told = self._dialect.clean(event, self._secrets) if meaning.has_failed else event
            if meaning.code:
                self._exchange.error_code = meaning.code
            self._has_finished = self._has_finished or meaning.has_finished
            if self._keeps_usage or not meaning.is_usage_only:
                yield told
            if meaning.is_end:
                self.is_done = True
                return

    def _ending(self) -> bytes:
        """What follows the last byte of the upstream. An event that was cut short is left out."""
        rest = self._splitter.flush().strip(b"\r\n") + b"\n\n"
        data = data_of(rest)
        is_whole = data.startswith(DONE_MARK) or bool(json_object(data))
        ending = self._checked(rest) if is_whole else b""
        if self._is_over:
            return ending
        if self._has_finished:
            return ending + self._dialect.ending
        self._failure = UpstreamAnswerError("The upstream ended its answer before it was complete.")
        return ending

    def _error_without_events(self) -> ApiError:
        """Why there was no event: an error in plain JSON, or one whose event was not ended."""
        rest = self._splitter.flush()
        if error := json_object(data_of(rest) or rest).get("error"):
            return error_from_object(error, secrets=self._secrets)
        return UpstreamAnswerError("The upstream ended its answer before it began.")


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Take note of the end behind the last event, or the connection could not be used again."""
    with suppress(MidStreamError, TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            await anext(chunks, None)
