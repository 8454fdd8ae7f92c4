"""Whole answers that a relay tells as streams."""

from __future__ import annotations

from typing import Any

import orjson

from proxy.answering.limits import Limits
from proxy.answering.relay import Relay
from tests.support.builders import a_response, an_exchange
from usage.exchange import Exchange
from wire_formats.dialect import Dialect
from wire_formats.sse import data_of, split_events


async def told_by(dialect: Dialect, answer: dict[str, Any]) -> tuple[list[Any], Exchange]:
    """The events of ``answer``, which comes in two pieces, and what was learned from them."""
    body = orjson.dumps(answer, option=orjson.OPT_INDENT_2)
    relay = Relay(
        a_response(body[:9], body[9:]),
        dialect=dialect,
        keeps_usage=True,
        limits=Limits(),
        secrets=frozenset(),
        exchange=an_exchange(),
    )
    await relay.open()
    return parsed(b"".join([part async for part in relay])), relay._exchange


def parsed(stream: bytes) -> list[Any]:
    """The data of typed events, each of which is named after its type."""
    events = split_events(stream)
    found = [orjson.loads(data_of(event)) for event in events]
    for event, data in zip(events, found, strict=True):
        assert event.startswith(b"event: %b\n" % data["type"].encode())
    return found
