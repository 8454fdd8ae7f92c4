"""Values of JSON that may be of another type than they should be, which count as none then."""

from __future__ import annotations

from typing import Any

from wire_formats.json_types import JsonObject


def is_given(value: Any) -> bool:
    """Whether a field says anything: not null, and not empty."""
    return value is not None and value not in ([], {}, "")


def as_text(value: Any) -> str:
    """``value`` if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def as_list(value: Any) -> list[Any]:
    """``value`` if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def as_object(value: Any) -> JsonObject:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
