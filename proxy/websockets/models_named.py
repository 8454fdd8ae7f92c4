"""The model that the messages of a realtime or Responses socket name as the socket's own."""

from __future__ import annotations

from typing import Any

from proxy.client_side.errors import ModelNotFoundError
from wire_formats.json_types import JsonObject

Place = tuple[str, ...]
# Where a message names the model that the socket is for.
MAIN: tuple[Place, ...] = ((), ("session",), ("response",))


def take_main(message: JsonObject, model: str) -> tuple[Place, ...]:
    """Take the socket's ``model`` out of ``message``; :func:`put_main` puts it back.

    Raises ``ModelNotFoundError`` where another model stands in its place.
    """
    taken = []
    for place in MAIN:
        fields = _at(message, place)
        if isinstance(fields, dict) and fields.get("model") is not None:
            if fields["model"] != model:
                raise ModelNotFoundError(str(fields["model"]))
            del fields["model"]
            taken.append(place)
    return tuple(taken)


def put_main(message: JsonObject, places: tuple[Place, ...], name: str) -> None:
    """Have ``message`` name the model as ``name`` at ``places``."""
    for place in places:
        _at(message, place)["model"] = name


def _at(message: JsonObject, place: Place) -> Any:
    found: Any = message
    for name in place:
        found = found.get(name) if isinstance(found, dict) else None
    return found
