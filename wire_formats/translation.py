"""The interface that an adapter implements to translate the response to one call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.object_stream import Wire


class Translation:
    """Turns the upstream's objects into OpenAI's. Made for every call, since it counts.

    Objects that lack what they must have may raise ``KeyError``, ``TypeError``, ``ValueError`` or
    ``AttributeError``: the upstream is to blame then.
    """

    wire = Wire.SSE
    is_numeric = False  # whether responses are mostly numbers, whose notation does not matter

    def __init__(self) -> None:
        self.is_done = False  # whether the stream came to its proper end

    def answer(self, answer: JsonObject) -> JsonMapping:
        """An answer in one piece."""
        raise NotImplementedError

    def error(self, error: Any) -> Any:
        """The object under ``error`` in place of a response; ``code`` is the status, if known."""
        return error

    def event(self, event: JsonObject) -> Iterator[JsonMapping]:
        """One object of the stream, translated: chunks, ``{"error": …}``, or nothing."""
        raise NotImplementedError
