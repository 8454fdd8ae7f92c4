"""Reading the JSON object that an upstream sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_cost import TooComplexError
from wire_formats.json_numbers import read_json
from wire_formats.json_types import JsonObject

TOO_COMPLEX = "The upstream's answer has too many values."


def parsed(text: bytes, *, read: Callable[[bytes], Any] = read_json) -> JsonObject:
    """The object in ``text``. Raises :class:`UnreadableAnswerError`."""
    try:
        value = read(text)
    except TooComplexError as exc:
        raise UnreadableAnswerError(TOO_COMPLEX) from exc
    except orjson.JSONDecodeError as exc:
        raise UnreadableAnswerError("The upstream's answer is not JSON.") from exc
    if not isinstance(value, dict):
        raise UnreadableAnswerError("The upstream's answer is not a JSON object.")
    return value


def json_object(data: bytes) -> JsonObject:
    """The JSON object in ``data``, empty if there is none.

    An error within an array, as Google writes it, counts as the object. Raises
    ``UnreadableAnswerError`` for too many values, since no filter could look into them.
    """
    try:
        value: Any = unwrapped(read_json(data))
    except TooComplexError as exc:
        raise UnreadableAnswerError(TOO_COMPLEX) from exc
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def unwrapped(value: Any) -> Any:
    """The error within an array, as Google writes it; everything else as it is."""
    match value:
        case [{"error": error} as failure, *_] if error:
            return failure
    return value
