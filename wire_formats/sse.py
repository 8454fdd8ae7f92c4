"""Server-sent events as bytes: where one ends, and which need a closer look.

Lines end at CR, LF or CRLF and nowhere else; ``str.splitlines`` and its kin know many more line
ends and would tear texts apart. Events are handed on as they came.
"""

from __future__ import annotations

import re
from typing import Any

from wire_formats.errors import EventTooLongError
from wire_formats.json_numbers import write_json
from wire_formats.json_types import JsonMapping

BLANK_LINE = re.compile(rb"(?:\r\n|\n|\r(?!\n)){2}")
LINE_END = re.compile(rb"\r\n|\n|\r")
FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
MEDIA_TYPE = "text/event-stream"
DONE_MARK = b"[DONE]"
DONE = b"data: [DONE]\n\n"


class EventSplitter:
    """Gathers chunks into whole events. The concatenated output equals the input.

    Each byte is searched once, however small the chunks and however long the event.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._tail = b""
        self.is_empty = True  # whether no part of an event is being held

    def feed(self, chunk: bytes) -> bytes:
        """The bytes up to the end of the last event that is complete; empty if none is yet.

        Raises :class:`EventTooLongError` when an unfinished event passes the limit.
        """
        if chunk.endswith(b"\n\n"):
            return self._released(chunk, b"")
        # The blank line that ends an event may be split between two chunks.
        window = self._tail + chunk
        end = end_of_last_event(window)
        if end:
            rest = window[end:]
            return self._released(chunk[: len(chunk) - len(rest)], rest)
        self._hold(chunk, tail=window[-3:])
        return b""

    def flush(self) -> bytes:
        """The rest of the data, once the stream has ended."""
        return self._released(b"", b"")

    def _released(self, last: bytes, rest: bytes) -> bytes:
        ready = b"".join([*self._held, last]) if self._held else last
        self._held = []
        self._held_bytes = 0
        self._hold(rest, tail=rest[-3:])
        return ready

    def _hold(self, part: bytes, *, tail: bytes) -> None:
        self._tail = tail
        if part:
            self._held.append(part)
            self._held_bytes += len(part)
        self.is_empty = not self._held_bytes
        if self._held_bytes > self._limit:
            raise EventTooLongError


def end_of_last_event(block: bytes) -> int:
    """How many bytes of ``block`` belong to complete events."""
    if b"\r" not in block:
        return block.rfind(b"\n\n") + 2 if b"\n\n" in block else 0
    end = 0
    for match in BLANK_LINE.finditer(block):
        end = match.end()
    return end


def split_events(block: bytes) -> list[bytes]:
    """The events in ``block``, each with the blank line that ends it."""
    if block.find(b"\n\n") == len(block) - 2 and b"\r" not in block:
        return [block]  # as most are
    events = []
    start = 0
    for match in BLANK_LINE.finditer(block):
        events.append(block[start : match.end()])
        start = match.end()
    if start < len(block):
        events.append(block[start:])
    return events


def data_of(event: bytes) -> bytes:
    """The data of one event: its ``data`` lines, joined as the standard says."""
    if event.startswith(b"data: ") and event.find(b"\n") == len(event) - 2 and b"\r" not in event:
        return event[6:-2]  # as most are
    lines = [
        line[5:].removeprefix(b" ") for line in LINE_END.split(event) if line.startswith(b"data:")
    ]
    return lines[0] if len(lines) == 1 else b"\n".join(lines)


def encoded_event(data: JsonMapping, *, name: str = "") -> bytes:
    """An event that carries ``data`` as JSON, nameless unless ``name`` is given."""
    field = b"event: " + name.encode() + b"\n" if name else b""
    return field + b"data: " + write_json(data) + b"\n\n"


def typed_event(kind: str, **fields: Any) -> bytes:
    """An event as Messages and Responses write it: named after its type."""
    return encoded_event({"type": kind, **fields}, name=kind)


def has_half_event(block: bytes) -> bool:
    """Whether a quick look at ``block`` finds an event that may be half an object; see
    :func:`is_half`."""
    return block.count(b"}\n\n") != block.count(b"\n\n")


def is_half(event: bytes) -> bool:
    """Whether the data of ``event`` is JSON that cannot be whole."""
    data = data_of(event).rstrip()
    return bool(data) and not data.endswith((b"}", b"]")) and not data.startswith(DONE_MARK)


def is_comment(block: bytes) -> bool:
    """Whether ``block`` holds nothing but comments, as upstreams send to keep a connection up."""
    return all(not line or line.startswith(b":") for line in LINE_END.split(block))


def is_event_stream(event: bytes) -> bool:
    """Whether every line of ``event`` is a field or a comment, as in an event stream it must be."""
    return all(not line or line.startswith(FIELDS) for line in LINE_END.split(event))
