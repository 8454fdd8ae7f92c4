"""The events of a stream, as a client reads them."""

from __future__ import annotations

from typing import Any

import orjson

from wire_formats.sse import data_of, split_events


def parsed(stream: bytes) -> list[Any]:
    """The data of typed events, each of which is named after its type."""
    events = split_events(stream)
    found = [orjson.loads(data_of(event)) for event in events]
    for event, data in zip(events, found, strict=True):
        assert event.startswith(b"event: %b\n" % data["type"].encode())
    return found
