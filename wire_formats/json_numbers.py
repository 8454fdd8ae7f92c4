"""JSON whose numbers keep the way they are spelled.

Bodies are parsed and written again, so that no upstream can see another model in them than the one
that was authorised. orjson would write ``1.50`` as ``1.5``, and take an integer beyond 64 bits for
a fraction. The few texts with such numbers are read a second time, into numbers that remember.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from enum import Enum
from typing import Any

import orjson

from wire_formats.errors import UnreadableAnswerError, UnsendableError
from wire_formats.json_cost import check_structure
from wire_formats.json_types import JsonMapping

# Of the numbers of one text. With more of them others would have to wait: then fractions keep their
# value only, and integers beyond 64 bits are refused.
MOST_BYTES = 64 * 1024
PIECE_BYTES = 64 * 1024
LOWEST, HIGHEST = -(2**63), 2**64 - 1

NUMBER = re.compile(rb"-?[0-9][0-9.eE+-]*")
SPACE = b" \t\r\n"
# No integer with fewer digits is beyond 64 bits.
LONG_INTEGER = re.compile(rb"(?<![0-9.eE+-])-?[0-9]{19,}(?![0-9.eE])")


class SpelledFloat(float):
    """A number whose ``text`` says more than its value."""

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> SpelledFloat:
        self = super().__new__(cls, text)
        self.text = text
        return self


class SpelledInt(int):
    """A whole number whose ``text`` says more than its value, or more than 64 bits can hold."""

    text: str

    def __new__(cls, text: str) -> SpelledInt:
        self = super().__new__(cls, text)
        self.text = text
        return self


def load_json(text: bytes) -> Any:
    """The value in an upstream's ``text``, its numbers by their value.

    Raises ``orjson.JSONDecodeError``, of which ``TooComplexError`` is one.
    """
    check_structure(text, is_numeric=True)
    return orjson.loads(text)


def read_json(text: bytes) -> Any:
    """The value in ``text``. Raises ``orjson.JSONDecodeError`` for what orjson refuses, or we.

    Of these ``TooComplexError`` says that ``text`` was not even parsed.
    """
    check_structure(text)
    return read_weighed_json(text)


def read_weighed_json(text: bytes) -> Any:
    """The value in a ``text`` that was found simple enough as it came in.

    Raises ``orjson.JSONDecodeError`` for what orjson refuses, or we.
    """
    value: Any = orjson.loads(text)
    try:
        written = orjson.dumps(value)
    except TypeError:
        return value  # nested too deeply to be written, now or later
    if written == text or written.translate(None, SPACE) == text.translate(None, SPACE):
        return value  # as nearly all clients write
    numbers = _outside_of_texts(text)
    if len(numbers) > MOST_BYTES:
        _refuse_long_integers(numbers)
        return value
    as_spelled = b"[%b]" % b",".join(NUMBER.findall(numbers))
    if orjson.dumps(orjson.loads(as_spelled)) == as_spelled:
        return value
    return json.loads(
        text, parse_float=_Known(_float).__getitem__, parse_int=_Known(_int).__getitem__
    )


def write_json(value: Any, *, option: int = 0) -> bytes:
    """``value`` with its numbers as they were spelled. Raises as ``orjson.dumps`` does."""
    return orjson.dumps(value, _spelled, orjson.OPT_PASSTHROUGH_SUBCLASS | option)


def encoded_json(body: JsonMapping) -> bytes:
    """``body`` as it is sent. Raises :class:`wire_formats.errors.UnsendableError`."""
    try:
        return write_json(body)
    except TypeError as exc:  # orjson reads 1024 levels and writes 254
        raise UnsendableError("The request is nested too deeply.") from exc


def encoded_answer(answer: JsonMapping) -> bytes:
    """A changed ``answer``. Raises :class:`wire_formats.errors.UnreadableAnswerError`."""
    try:
        return write_json(answer)
    except TypeError as exc:
        raise UnreadableAnswerError("The upstream's answer cannot be understood.") from exc


def _outside_of_texts(text: bytes) -> bytes:
    """The part of ``text``, which is valid JSON, outside of its strings."""
    if b'\\"' in text:
        text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(text.split(b'"')[::2])


def _refuse_long_integers(numbers: bytes) -> None:
    start = 0
    while start < len(numbers):  # piece by piece: other threads wait while one is searched
        end = numbers.find(b",", start + PIECE_BYTES) + 1 or len(numbers)
        for each in LONG_INTEGER.findall(numbers, start, end):
            if not LOWEST <= int(each) <= HIGHEST:
                raise orjson.JSONDecodeError("so many numbers, and one beyond 64 bits", "", 0)
        start = end


class _Known(dict[str, Any]):
    """The numbers that a text holds more than once are made once."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> Any:
        number = self[text] = self._read(text)
        return number


def _float(text: str) -> float:
    value = float(text)
    return value if orjson.dumps(value) == text.encode() else SpelledFloat(text)


def _int(text: str) -> int:
    value = int(text)
    return value if LOWEST <= value <= HIGHEST and text != "-0" else SpelledInt(text)


def _spelled(value: Any) -> Any:
    if isinstance(value, str) and isinstance(value, Enum):  # from our own code, not a client
        return value.value
    if isinstance(value, SpelledFloat | SpelledInt):
        return orjson.Fragment(value.text)
    raise TypeError(f"{type(value).__name__} is no JSON")
