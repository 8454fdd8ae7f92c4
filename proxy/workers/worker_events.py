"""The messages between workers over the channel layer: few and small, never responses.

Without Redis the layer is in process memory, where there is one worker. A message that is lost
is a wish that has to be repeated; nothing depends on it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from infrastructure import redis_outage
from proxy.workers.channel_layer import LAYER_ERRORS, layer, send_to_group
from proxy.workers.reports import LiveReports
from usage.exchange import StopReason
from usage.in_flight import in_flight

WORKERS = "gatehouse.workers"
RETRY_SECONDS = 2.0
REJOIN_SECONDS = 3600.0  # well before a membership expires


async def watch_anywhere() -> None:
    """Have every worker report what it has in flight, for a few seconds."""
    await send_to_group(WORKERS, {"type": "live.watch"})


async def stop_anywhere(request_id: str, reason: StopReason) -> bool:
    """End a request, whichever worker answers it. False if that worker cannot be told."""
    if stop_here(request_id, reason):
        return True
    message = {"type": "request.stop", "request_id": request_id, "reason": reason.value}
    return await send_to_group(WORKERS, message)


def stop_here(request_id: str, reason: StopReason) -> bool:
    """End a request of this worker. False if it has none of that id."""
    exchange = in_flight.find(request_id)
    if exchange is not None:
        exchange.stop(reason)
    return exchange is not None


class WorkerEvents:
    """This worker's ear."""

    def __init__(self) -> None:
        self._reports = LiveReports()

    async def run(self) -> None:
        """Listen until cancelled. A layer that is down is tried again."""
        while True:
            try:
                await self._listen()
            except LAYER_ERRORS as exc:
                redis_outage.tell("no word from other workers", exc)
                await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        events = layer()
        channel = await events.new_channel()
        while True:
            await events.group_add(WORKERS, channel)
            try:
                async with asyncio.timeout(REJOIN_SECONDS):
                    while True:
                        self._heed(await events.receive(channel))
            except TimeoutError:
                continue

    def _heed(self, message: dict[str, Any]) -> None:
        match message:
            case {"type": "request.stop", "request_id": request_id, "reason": reason}:
                stop_here(request_id, StopReason(reason))
            case {"type": "live.watch"}:
                self._reports.go_on()
