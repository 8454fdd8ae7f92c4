"""The JSON objects of a stream: one in each server-sent event, or one in each line."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto

from wire_formats.errors import EventTooLongError, UnreadableAnswerError
from wire_formats.json_objects import parsed
from wire_formats.json_types import JsonObject
from wire_formats.sse import DONE_MARK, EventSplitter, data_of, is_event_stream, split_events


class Wire(Enum):
    """How an upstream writes the objects of its streams."""

    SSE = auto()
    NDJSON = auto()


class ObjectReader:
    """Cuts objects out of bytes as they come. An event or a line has at most ``limit`` bytes."""

    def __init__(self, wire: Wire, limit: int) -> None:
        self._is_sse = wire is Wire.SSE
        self._splitter = EventSplitter(limit) if self._is_sse else LineSplitter(limit)

    def feed(self, chunk: bytes) -> Iterator[JsonObject]:
        """The objects that ``chunk`` completes. Raises :class:`UnreadableAnswerError`."""
        if block := self._splitter.feed(chunk):
            yield from self._objects(block)

    def flush(self) -> Iterator[JsonObject]:
        """The rest of a stream that ended without a blank line, unless it was cut short."""
        try:
            yield from self._objects(self._splitter.flush())
        except UnreadableAnswerError:
            return

    def _objects(self, block: bytes) -> Iterator[JsonObject]:
        for each in split_events(block) if self._is_sse else block.split(b"\n"):
            if self._is_sse and not is_event_stream(each):
                raise UnreadableAnswerError("The upstream's answer is not an event stream.")
            data = data_of(each) if self._is_sse else each
            if data.strip() and not data.startswith(DONE_MARK):
                yield parsed(data)


class LineSplitter:
    """Gathers chunks into whole lines, which end at LF."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: list[bytes] = []
        self._held_bytes = 0

    def feed(self, chunk: bytes) -> bytes:
        """The lines up to the last that is complete. Raises :class:`EventTooLongError`."""
        lines, end, rest = chunk.rpartition(b"\n")
        ready = b"".join([*self._held, lines]) if end else b""
        if end:
            self._held, self._held_bytes = [], 0
        self._held.append(rest)
        self._held_bytes += len(rest)
        if self._held_bytes > self._limit:
            raise EventTooLongError
        return ready

    def flush(self) -> bytes:
        """The rest of the data, once the stream has ended."""
        return b"".join(self._held)
