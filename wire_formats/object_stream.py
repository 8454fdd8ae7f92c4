"""The JSON objects of a stream, cut out of the bytes as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from connections.errors import MidStreamError
from wire_formats.json_numbers import read_json
from wire_formats.json_types import JsonObject
from wire_formats.translation import Wire

OTHER_FIELDS = (b"event:", b"id:", b"retry:", b":")


class ObjectReader:
    """Reads server-sent events or one object in each line. Lines end at LF or CRLF."""

    def __init__(self, wire: Wire, limit: int) -> None:
        self._is_sse = wire is Wire.SSE
        self._limit = limit
        self._held: list[bytes] = []  # the parts of a line that has not ended
        self._held_bytes = 0
        self._data: list[bytes] = []  # the data lines of an event that has not ended

    def feed(self, chunk: bytes) -> Iterator[JsonObject]:
        """The objects that ``chunk`` completes. Raises :class:`MidStreamError` for garbage."""
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            yield from self._line(b"".join([*self._held, line]))
            self._held = []
            self._held_bytes = 0
        if rest:
            self._held.append(rest)
            self._held_bytes += len(rest)
        if self._held_bytes + sum(map(len, self._data)) > self._limit:
            raise MidStreamError("The upstream sent an event that is too long.")

    def flush(self) -> Iterator[JsonObject]:
        """What the last line holds when the stream ended without ending it."""
        try:
            yield from self.feed(b"\n\n")
        except MidStreamError:
            return  # it was cut short

    def _line(self, line: bytes) -> Iterator[JsonObject]:
        line = line.rstrip(b"\r")
        if not self._is_sse:
            if line.strip():
                yield parsed(line)
        elif line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif not line and self._data:
            data = b"\n".join(self._data)
            self._data = []
            if data.strip() and not data.startswith(b"[DONE]"):
                yield parsed(data)
        elif line and not line.startswith(OTHER_FIELDS):
            raise MidStreamError("The upstream's answer is not an event stream.")


def parsed(text: bytes, *, read: Callable[[bytes], Any] = read_json) -> JsonObject:
    """The object in ``text``. Raises :class:`MidStreamError`."""
    try:
        value = read(text)
    except orjson.JSONDecodeError as exc:
        raise MidStreamError("The upstream's answer is not JSON.") from exc
    if not isinstance(value, dict):
        raise MidStreamError("The upstream's answer is not a JSON object.")
    return value
