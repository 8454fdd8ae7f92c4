"""Reading fields of a request. Each function raises ``DemoError`` for a value of another kind."""

from __future__ import annotations

from typing import Any

from demo_upstream.errors import DemoError

JsonObject = dict[str, Any]


def object_of(body: JsonObject, name: str) -> JsonObject:
    """The object under ``name``; empty when there is none."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DemoError(f"`{name}` must be an object.", param=name)
    return value


def objects_of(body: JsonObject, name: str) -> list[JsonObject]:
    """The objects listed under ``name``; none when there is no list."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise DemoError(f"`{name}` must be an array of objects.", param=name)
    return value


def count_of(body: JsonObject, name: str, *, most: int) -> int | None:
    """The whole number from 1 to ``most`` under ``name``, or None."""
    value = body.get(name)
    if value is None:
        return None
    if type(value) is not int or not 1 <= value <= most:
        raise DemoError(f"`{name}` must be a whole number from 1 to {most}.", param=name)
    return value
