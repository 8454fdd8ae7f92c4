"""JSON of ours in a field that clients bring back unread: a mark, then base64.

It is no secret, and a client can write one of its own: what is read is to be believed no more than
what the same client says elsewhere.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from wire_formats.json_cost import simple
from wire_formats.json_numbers import read_json, write_json
from wire_formats.json_types import JsonMapping


def is_marked(text: Any, mark: str) -> bool:
    """Whether ``text`` begins as one that was written with ``mark``."""
    return isinstance(text, str) and text.startswith(mark)


def marked(value: JsonMapping, mark: str) -> str:
    """``value`` as a text that begins with ``mark``."""
    return mark + urlsafe_b64encode(write_json(value)).decode()


def value_of(text: Any, mark: str) -> Any:
    """The value in ``text``; None for what has another mark, or was damaged."""
    if not is_marked(text, mark):
        return None
    try:
        return read_json(simple(urlsafe_b64decode(text.removeprefix(mark))))
    except ValueError:  # of base64 and of JSON alike
        return None
