"""The responses, items and containers of an answer, to which later requests may refer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.json_types import JsonObject

MOST_ITEMS = 100  # of one response
UNFINISHED = frozenset({"queued", "in_progress"})


def ids_in_response(made: JsonObject) -> Iterator[Any]:
    """The ids of a response, of its items, and of the containers that they used."""
    yield made.get("id")
    output = made.get("output")
    for item in output[:MOST_ITEMS] if isinstance(output, list) else ():
        if isinstance(item, dict):
            yield item.get("id")
            yield item.get("container_id")
            environment = item.get("environment")  # of a shell
            if isinstance(environment, dict):
                yield environment.get("container_id")


def is_finished(made: JsonObject) -> bool:
    """Whether no items will be added to the response ``made``."""
    return made.get("status") not in UNFINISHED


def ids_in_message(made: JsonObject, *, has_own: bool = False) -> Iterator[Any]:
    """The container of a message of Anthropic's, or of an event that tells of one.

    ``has_own``: its own id as well, to which later requests will refer.
    """
    if has_own:
        message = made if made.get("type") == "message" else made.get("message")
        yield message.get("id") if isinstance(message, dict) else None
    for fields in (made, made.get("message"), made.get("delta")):
        container = fields.get("container") if isinstance(fields, dict) else None
        if isinstance(container, dict):
            yield container.get("id")
