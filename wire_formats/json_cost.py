"""How much work a JSON text makes, told from its bytes before anything is parsed.

A parser's time grows with values, not with bytes: 50 MB of a picture are read in a tenth of a
second, 50 MB of ``[],`` in ten seconds, and into a gigabyte of memory. So the characters that make
values are counted, each with the weight of what it costs (measured with CPython 3.11: about 60 ns
for a unit). At first those within strings count too, which is fast and never too little. Where that
is over the cap, a prompt may hold a table or JSON, and so strings are told apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson

SURELY_SIMPLE_BYTES = 64 * 1024  # no limit is so low that a body this short could pass it
PIECE_BYTES = 2**20  # counted at once; counting stops at the limit
CONTAINER, MEMBER, ESCAPES_PER_UNIT = 3, 4, 4
EXACT_PIECE_BYTES = 64 * 1024  # counted at once; other threads run in between
# Long embeddings are millions of numbers, which cost far less than what clients may send.
NUMBERS_PER_UNIT = 4
LONG_BYTES = 256 * 1024
SURELY_CHEAP_UNITS = 10_000  # so few are not worth telling strings apart
MOST_SIMPLE_UNITS = 100_000  # of what is meant to be little more than texts


# Set by the application at its start, for everything that it parses.
_most_units = 1_500_000


def limit_units(most: int) -> None:
    """Parse no text of more than ``most`` units from now on, in this process."""
    global _most_units  # noqa: PLW0603 - one limit for every reader, however far from the settings
    _most_units = most


class TooComplexError(orjson.JSONDecodeError):
    """A text with more structure than is parsed. A reader of garbage need not tell it apart."""

    def __init__(self) -> None:
        super().__init__("it has too many values", "", 0)


def weight_of(text: bytes) -> float:
    """The units of ``text``: a comma is one, a bracket, a brace and a colon are several.

    The weights of its pieces add up to its own, however it is cut.
    """
    return text.count(b",") + _heavy(text)


def check_structure(text: bytes, *, is_numeric: bool = False) -> None:
    """Raise :class:`TooComplexError` for more units than :func:`limit_units` allowed.

    ``is_numeric`` is for answers that may be numbers in the main.
    """
    if len(text) <= SURELY_SIMPLE_BYTES:
        return
    left: float = _most_units
    weight = _weight_of_numbers if is_numeric else weight_of
    for start in range(0, len(text), PIECE_BYTES):
        left -= weight(text[start : start + PIECE_BYTES])
        if left < 0:
            ExactCount(_most_units, is_numeric=is_numeric).add(text)
            return


def simple(text: bytes) -> bytes:
    """``text``, which nobody weighed as it came in: it was part of a string.

    Raises :class:`TooComplexError` for more than a few values.
    """
    if len(text) > MOST_SIMPLE_UNITS:
        ExactCount(MOST_SIMPLE_UNITS).add(text)
    return text


class ExactCount:
    """Counts the units of a text that comes in pieces, for what is outside of strings.

    Escapes count within strings, too: they are what reading a string costs. It counts as far as a
    parser would come: two strings in a row are its end. Up to three times slower than
    :func:`weight_of`, where there are many strings.
    """

    def __init__(self, limit: float, *, is_numeric: bool = False) -> None:
        self._left = limit
        self._weight = _weight_of_numbers if is_numeric else weight_of
        self._is_inside = self._is_escaped = False
        self._quotes = self._openings = 0

    @property
    def left(self) -> float:
        """The units that may still come."""
        return self._left

    def add(self, text: bytes) -> None:
        """Count ``text`` as well. Raises :class:`TooComplexError` over the limit."""
        for start in range(0, len(text), EXACT_PIECE_BYTES):
            if self._quotes > 2 * (self._openings + 1):  # more strings than places for them
                return
            self._count(text[start : start + EXACT_PIECE_BYTES])
            if self._left < 0:
                raise TooComplexError

    def _count(self, piece: bytes) -> None:
        plain = piece[self._is_escaped :].replace(b"\\\\", b"")
        self._is_escaped = plain.endswith(b"\\")
        parts = plain.replace(b'\\"', b"").split(b'"')
        outside = b"".join(parts[self._is_inside :: 2])
        quotes = len(parts) - 1
        self._is_inside ^= bool(quotes % 2)
        self._quotes += quotes
        self._openings += sum(map(outside.count, (b",", b":", b"[", b"{")))
        escapes = piece.count(b"\\") // ESCAPES_PER_UNIT
        self._left -= self._weight(outside + b'"' * quotes) + escapes


class Budget:
    """The units of all texts together that are parsed for one request, beside its own."""

    def __init__(self) -> None:
        self._left: float = _most_units

    def take(self, text: bytes) -> None:
        """Take the units of ``text``. Raises :class:`TooComplexError` where too few are left."""
        weight = weight_of(text)
        if weight > SURELY_CHEAP_UNITS:
            count = ExactCount(self._left)
            count.add(text)
            weight = self._left - count.left
        if weight > self._left:
            raise TooComplexError
        self._left -= weight


async def read_aside(read: Callable[[bytes], Any], text: bytes) -> Any:
    """``read(text)``, in a thread where ``text`` is long enough to hold up the event loop."""
    return read(text) if len(text) < LONG_BYTES else await asyncio.to_thread(read, text)


def _weight_of_numbers(text: bytes) -> float:
    strings = text.count(b'"') // 2
    return text.count(b",") // NUMBERS_PER_UNIT + strings + _heavy(text)


def _heavy(text: bytes) -> float:
    containers = text.count(b"[") + text.count(b"{")
    escapes = text.count(b"\\") / ESCAPES_PER_UNIT
    return CONTAINER * containers + MEMBER * text.count(b":") + escapes
