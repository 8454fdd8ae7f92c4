"""What an adapter writes to have the answers to one call translated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.json_types import JsonObject
from wire_formats.object_stream import Wire


class Translation:
    """Turns the upstream's objects into OpenAI's. Made anew for every call, since it counts.

    Objects that lack what they must have may raise ``KeyError``, ``TypeError``, ``ValueError`` or
    ``AttributeError``: the upstream is to blame then.
    """

    wire = Wire.SSE
    is_numeric = False  # whether answers are numbers above all, whose spelling tells nothing

    def __init__(self) -> None:
        self.is_done = False  # whether the stream came to its proper end

    def answer(self, answer: JsonObject) -> JsonObject:
        """An answer in one piece."""
        raise NotImplementedError

    def error(self, error: Any) -> Any:
        """What stands under ``error`` in place of an answer. Its status, if told, is the code."""
        return error

    def event(self, event: JsonObject) -> Iterator[JsonObject]:
        """What one object of the stream becomes: chunks, ``{"error": …}``, or nothing."""
        raise NotImplementedError
