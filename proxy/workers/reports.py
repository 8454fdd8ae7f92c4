"""A worker's reports of its requests in flight."""

from __future__ import annotations

import asyncio
import secrets
import time
from itertools import islice

from proxy.workers.channel_layer import send_to_group
from usage.exchange import Exchange
from usage.in_flight import in_flight
from wire_formats.json_types import JsonObject

WATCHERS = "gatehouse.live"
REPORT_SECONDS = 1.0
WATCHED_SECONDS = 5.0  # how long reports go on after the last message of a watcher
MOST_REQUESTS = 200  # in one report, which also has the number of all


class LiveReports:
    """Reports for as long as somebody watches."""

    def __init__(self) -> None:
        self._worker = secrets.token_hex(4)
        self._until = 0.0
        self._task: asyncio.Task[None] | None = None

    def go_on(self) -> None:
        """Take note that somebody watches."""
        self._until = time.monotonic() + WATCHED_SECONDS
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._report())

    async def _report(self) -> None:
        while time.monotonic() < self._until:
            await send_to_group(WATCHERS, report(self._worker))
            await asyncio.sleep(REPORT_SECONDS)


def report(worker: str) -> JsonObject:
    """The message for those who watch: the oldest requests, and how many there are."""
    return {
        "type": "live.report",
        "worker": worker,
        "count": len(in_flight),
        "requests": [summary(exchange) for exchange in islice(in_flight, MOST_REQUESTS)],
    }


def summary(exchange: Exchange) -> JsonObject:
    """The facts of a request that staff see, without prompt and response."""
    return {
        "request_id": exchange.request_id,
        "user": exchange.caller.username,
        "key": exchange.caller.key_hint,
        "model": exchange.model,
        "connection": exchange.connection,
        "endpoint": exchange.endpoint,
        "surface": exchange.surface,
        "is_streamed": exchange.is_streamed,
        "age_seconds": round(exchange.age_seconds, 1),
        "chunks": exchange.chunks,
        "tokens": exchange.tokens.completion,
    }
