"""The limits of a worker: where they are counted, and what keeps them current."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from channels.db import database_sync_to_async
from django.conf import settings

from accounts.changes import DATABASE_ERRORS
from limits.admission.gate import gate
from limits.book import EMPTY
from limits.checks import workers
from limits.counting.live_prices import REFRESH_SECONDS
from limits.counting.periods import periods
from limits.loading import load_book
from limits.meters.divided import DividedMeters
from limits.meters.interface import Meters
from limits.meters.memory import MemoryMeters
from limits.meters.outage import ResilientMeters
from limits.meters.redis_meters import RedisMeters


@asynccontextmanager
async def running_limits(redis_url: str) -> AsyncIterator[None]:
    """The meters of this worker, which end after its ledger: they are told of its last flush.

    Several workers without Redis have a part of each amount, since none hears of the others.
    """
    number = workers()
    meters: Meters
    if redis_url:
        cap_seconds = settings.GATEWAY_LIMITS_REDIS_SECONDS
        redis = RedisMeters(redis_url, workers=number, cap_seconds=cap_seconds)
        meters = ResilientMeters(redis)
        gate.use(meters, local=meters.local)
    else:
        gate.use(meters := MemoryMeters() if number == 1 else DividedMeters(number))
    periods.on_flushed = meters.flushed
    task = asyncio.create_task(meters.run())
    try:
        yield
    finally:
        periods.on_flushed = None
        task.cancel()  # writes what waits
        await asyncio.gather(task, return_exceptions=True)
        gate.book = EMPTY
        gate.use(MemoryMeters())


async def reload_limits() -> None:
    """Take up the limits as they are now, and the prices that limits of money need.

    Raises ``django.db.DatabaseError``; what was there before stays in use then.
    """
    book = await database_sync_to_async(load_book)()
    if book.has_money:
        await gate.prices.refresh()
    gate.book = book


async def follow_prices() -> None:
    """Read the prices again from time to time while limits need them. Runs until cancelled."""
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        if gate.book.has_money:
            try:
                await gate.prices.refresh()
            except DATABASE_ERRORS:
                continue  # the watch over changes has logged it
