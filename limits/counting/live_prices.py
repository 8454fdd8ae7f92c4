"""Prices in memory, for the event loop: what a request will cost, and what it did cost.

A quote is the number that the ledger arrives at later, by the same code, as long as no price is
changed in between. Neither a quote nor an estimate waits for anything::

    refresh ──► thread: prices and connections ──► the prices in use
       ▲
       └── a change of the configuration, and every minute
    learn ──► thread, at the first sight of a model: what the bundled list has of it
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from infrastructure.seldom import SeldomLog
from limits.counting.demand_counts import DemandCounts
from limits.counting.tariffs import Tariff, Tariffs, costs_at
from limits.counting.used import amounts_at
from limits.quantities import Amounts, Quantities, nanodollars
from usage.charges import charge, is_of_one_answer
from usage.estimation import counted
from usage.pricing import Pricing
from usage.record import UsageRecord

logger = logging.getLogger(__name__)
seldom = SeldomLog(logger)

REFRESH_SECONDS = 60.0
MILLISECONDS = 1000
MOST_KNOWN = 10_000  # models of connections; beyond, all are looked up again


class Priced(NamedTuple):
    """A model of a connection: the connection's name, the id that clients call, the upstream's own.

    ``service_tier`` is the one that the request asks for, empty for the usual one.
    """

    connection: str
    model: str
    upstream_model: str
    service_tier: str = ""


class Asked(NamedTuple):
    """What a price depends on: see :class:`usage.pricing.Priced`."""

    connection: str
    model: str
    upstream_model: str
    service_tier: str
    prompt_tokens: int | None


class Used(NamedTuple):
    """What a request used. Its cost counts as 0 unless it ``is_priced``."""

    quantities: Quantities
    is_priced: bool


PlainUsed = tuple[Amounts, bool]  # `Used` in plain tuples


class LivePrices:
    """The prices of a worker. Belongs to the event loop."""

    def __init__(self, load: Callable[[], Pricing] | None = None) -> None:
        """``load`` gives the prices, which save nothing; it blocks on the database."""
        self._load = load or load_prices
        self._pricing: Pricing | None = None
        self._known: set[Priced] = set()
        self._tariffs = Tariffs()
        # Those that hold whatever the time and the length of the input are.
        self._standing: dict[tuple[str, str, str, str], Tariff] = {}
        self.standing = self._standing.get

    async def refresh(self) -> None:
        """Take up the prices as they are now.

        Raises ``django.db.DatabaseError``, or ``InterfaceError`` where the connection broke; the
        prices that were there before stay in use then.
        """
        pricing = await database_sync_to_async(self._load)()
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        await asyncio.to_thread(_look_up, pricing, tuple(self._known))
        self._pricing, self._tariffs = pricing, Tariffs()
        self._standing.clear()

    async def run(self) -> None:
        """Refresh every minute, until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                await self.refresh()
            except (DatabaseError, InterfaceError) as exc:
                seldom.warn(f"The prices for limits cannot be read: {type(exc).__name__}.")

    async def learn(self, models: Iterable[Priced]) -> None:
        """Have the prices of ``models`` at hand. Waits only for those that were never seen.

        Raises as :meth:`refresh` does, where no prices were ever read.
        """
        unseen = [model for model in models if model not in self._known]
        if not unseen and self._pricing is not None:
            return
        if self._pricing is None:
            await self.refresh()
        # Reading the bundled list takes a while, and so does the search for a model in it.
        await asyncio.to_thread(_look_up, self._prices, unseen)
        self._known.update(unseen)

    def quote(self, record: UsageRecord) -> int | None:
        """The cost of a ``record`` of this version, as the ledger will have it: in nano-dollars;
        None where it is unknown."""
        as_stored, _ = counted(record)
        return self._cost(as_stored)

    def plain_used(self, record: UsageRecord) -> PlainUsed:
        """The use of a ``record`` of this version, as the ledger will have it."""
        as_stored, _ = counted(record)
        cost = self._cost(as_stored)
        return amounts_at(as_stored, cost or 0), cost is not None

    def _cost(self, as_stored: UsageRecord) -> int | None:
        if not is_of_one_answer(as_stored):
            charged = charge(as_stored, self._prices).cost
            return None if charged is None else nanodollars(charged)
        if as_stored.is_answered:
            model, upstream_model = as_stored.model, as_stored.upstream_model
            asked = as_stored.connection, model, upstream_model, as_stored.service_tier
            tariff = self._standing.get(asked)
            if tariff is not None and (cost := tariff.cost_of(as_stored)) is not None:
                return cost
        price = self._prices.price_of(as_stored)
        return None if price is None else self._tariffs.cost(as_stored, price)

    def cost_of_demand(
        self,
        model: Priced,
        *,
        input_tokens: int = 0,
        output_tokens: int = 0,
        audio_ms: int = 0,
        characters: int = 0,
        is_worst: bool = False,
    ) -> int | None:
        """What these counts would cost now in nano-dollars; None where no price is known.

        ``is_worst``: every token at the dearest rate of its direction, such as that of writing to
        the provider's cache.
        """
        costs = self.costs_of_demand(
            model,
            input_tokens=input_tokens,
            outputs=(output_tokens,),
            audio_ms=audio_ms,
            characters=characters,
            is_worst=is_worst,
        )
        return costs[0]

    def costs_of_demand(
        self,
        model: Priced,
        *,
        input_tokens: int,
        outputs: Sequence[int],
        audio_ms: int,
        characters: int,
        is_worst: bool,
    ) -> list[int | None]:
        """:meth:`cost_of_demand` with each of ``outputs``, in tokens."""
        tariff = self._standing.get(model)
        if tariff is not None:
            return costs_at(tariff, input_tokens, outputs, is_worst=is_worst)
        asked, now = Asked(*model, input_tokens), datetime.now(UTC)
        price = self._prices.price_for(asked, now)
        if price is None:
            return [None] * len(outputs)
        tariff = self._tariffs.of(price)
        if tariff is not None:
            if self._prices.stands(asked, now):
                self._stand(model, tariff)
            return costs_at(tariff, input_tokens, outputs, is_worst=is_worst)
        demand = DemandCounts(
            prompt_tokens=input_tokens,
            completion_tokens=None,
            audio_seconds=audio_ms / MILLISECONDS,
            characters=characters,
        )
        return [
            self._tariffs.cost(demand.with_output(output, price, is_worst=is_worst), price)
            for output in outputs
        ]

    def _stand(self, model: Priced, tariff: Tariff) -> None:
        if len(self._standing) >= MOST_KNOWN:
            self._standing.clear()
        self._standing[model] = tariff

    @property
    def _prices(self) -> Pricing:
        if self._pricing is None:
            raise RuntimeError("the prices have not been loaded")
        return self._pricing


def load_prices() -> Pricing:
    """The prices as of now, which save nothing. Blocks on the database."""
    return Pricing.load(saves=False)


def _look_up(pricing: Pricing, models: Iterable[Priced]) -> None:
    now = datetime.now(UTC)
    for model in models:
        pricing.price_for(Asked(*model, 0), now)


live_prices = LivePrices()
