"""What targets cost beside each other, for routes that ask the cheapest first.

Nobody waits for the database. A target without a known price comes last; it is looked up in a
thread, within a moment of the first request that asks, and once a minute as long as requests do::

    of ── known ──► its price
     └─── unknown, or a minute old ──► infinity, or the old price
                        └─► task: prices of all targets that were asked for
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from channels.db import database_sync_to_async
from django.db import Error

from infrastructure.seldom import SeldomLog
from usage.models import Price
from usage.pricing import Pricing, Rates

logger = logging.getLogger(__name__)
seldom = SeldomLog(logger)

KNOWN_SECONDS = 60.0
# A usual request. Sounds and letters count where a model is not priced by tokens.
USUAL = {
    "input_per_million": 0.003,
    "output_per_million": 0.001,
    "per_audio_minute": 1.0,
    "per_million_characters": 0.001,
    "per_request": 1.0,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A target: the connection's name, the id that clients call, the upstream's own name."""

    connection: str
    model: str
    upstream_model: str
    service_tier: str = ""
    prompt_tokens: int | None = None


Found = dict[Asked, float]


class TargetPrices:
    """The prices, by target. Belongs to the event loop."""

    def __init__(
        self,
        find: Callable[[Collection[Asked]], Found] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``find`` gives the prices of targets, and blocks on the database."""
        self._find = find or find_prices
        self._clock = clock
        self._known: dict[Asked, float | None] = {}
        self._ends_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def of(self, connection: str, model: str, upstream_model: str) -> float:
        """The price of a usual request in US dollars, infinite where none is known."""
        asked = Asked(connection, model, upstream_model)
        price = self._known.setdefault(asked, None)
        if (price is None or self._clock() >= self._ends_at) and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._look_up())
        return math.inf if price is None else price

    async def settled(self) -> None:
        """Wait for the lookup that is running, if one is."""
        if self._task is not None:
            await self._task

    async def _look_up(self) -> None:
        try:
            self._known |= await database_sync_to_async(self._find)(tuple(self._known))
        except Error as exc:
            seldom.warn(f"The prices of targets cannot be read: {type(exc).__name__}.")
            for asked, price in self._known.items():  # not to be looked up by every request
                self._known[asked] = math.inf if price is None else price
        finally:
            self._ends_at = self._clock() + KNOWN_SECONDS
            self._task = None


def find_prices(targets: Collection[Asked]) -> Found:
    """The price of each target as of now. Blocks on the database. Raises ``django.db.Error``."""
    pricing, now = Pricing.load(), datetime.now(UTC)
    return {asked: usual_price(pricing.rates_of(asked, now)) for asked in targets}


def usual_price(rates: Rates | None) -> float:
    """US dollars for a usual request at these rates, infinite without any."""
    by_name = dict(zip(Price.RATES, rates or (), strict=False))
    parts = [float(rate) * USUAL[name] for name in USUAL if (rate := by_name.get(name)) is not None]
    return sum(parts) if parts else math.inf


target_prices = TargetPrices()
