"""How much work a JSON text makes, told from its bytes before anything is parsed.

What a parser takes grows with values, not with bytes: 50 MB of a picture are read in a tenth of a
second, 50 MB of ``[],`` in ten seconds, and into a gigabyte of memory. So the characters that make
values are counted, each with the weight of what it costs (measured with CPython 3.11: about 60 ns
for a unit). Those within strings count too, since telling them apart takes parsing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson

SURELY_SIMPLE_BYTES = 64 * 1024  # no setting is so low that a text this short could be too much
PIECE_BYTES = 2**20  # a hostile text is not counted to its end
CONTAINER, MEMBER, ESCAPES_PER_UNIT = 3, 4, 4
# Long embeddings are millions of numbers, which cost far less than what clients may send.
NUMBERS_PER_UNIT = 4
LONG_BYTES = 256 * 1024


# What is set by the application at its start, for all that it parses.
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
            raise TooComplexError


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
