"""The gate: a request passes when all of its limits have room for it.

::

    admit_in_one_step ──► far from all limits: reserved ──► attempts ──► record ──► settle
      └─► None ──► admit

    admit ──► matched ──► expected ──► reserved on all meters ──► attempts ──► record ──► settle
      │                                  │                           │
      └─► LimitError: nothing is held    └─► waits for room          └─► extend: a fallback that
                                                     costs more, or has limits of its own

Everything is settled by what the ledger records. A request that reached no upstream, and was not
answered otherwise, releases what it held: see :mod:`limits.admission.reserving`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial

from channels.db import database_sync_to_async

from accounts.changes import DATABASE_ERRORS
from limits.admission.admissions import UNLIMITED, Admission
from limits.admission.admitting import Targets, note_demand
from limits.admission.asked_for import EVERYTHING, wanted_beside, wanted_of
from limits.admission.asking import Takes
from limits.admission.costs import priced, standing, with_costs
from limits.admission.expected import ONE, ONE_REQUEST, Expected, Figures, expected_of
from limits.admission.holds import check_told
from limits.admission.one_step import NOTHING_TOLD, Told
from limits.admission.output_lengths import OutputLengths
from limits.admission.reserving import Reserving
from limits.book import EMPTY, Book
from limits.choices import Metric
from limits.counting.live_prices import LivePrices, live_prices
from limits.counting.periods import bases_of
from limits.counting.tariffs import Tariff
from limits.demand import Demand
from limits.matches import Matches
from limits.meters.interface import Meters
from limits.meters.memory import MemoryMeters
from limits.refusals import LimitReachedError, LimitsUnavailableError
from usage.exchange import Exchange
from usage.in_flight import in_flight
from usage.record import UsageRecord

find_bases = database_sync_to_async(bases_of)


class Gate(Reserving):
    """The limits of a worker, and what its requests hold of them. Belongs to the event loop."""

    def __init__(
        self,
        meters: Meters | None = None,
        *,
        prices: LivePrices = live_prices,
        local: Takes | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``local`` counts in this worker while ``meters`` are away."""
        super().__init__(prices, find_bases, clock)
        self.book: Book = EMPTY
        self.lengths = OutputLengths()
        self.use(MemoryMeters() if meters is None else meters, local=local)

    def admit_in_one_step(
        self,
        exchange: Exchange,
        targets: Targets,
        demand: Callable[[], Demand],
        metrics: frozenset[Metric] = EVERYTHING,
    ) -> Told | None:
        """:meth:`admit` for a request that holds nothing yet, where there is much left of all its
        limits and this process alone counts. Returns None otherwise, and holds nothing.

        ``demand`` runs on the event loop, and has to be short.
        """
        name, memory = exchange.request_id, self.asker.memory
        if memory is None or self.waiting.queue.waiting or in_flight.find(name) is None:
            return None
        if name in self._open or name in self.one_step.open:
            return None
        wanted = wanted_of(self.book, exchange, targets, metrics, None)
        if not wanted.rules:  # the matches themselves have their length from a method in Python
            return NOTHING_TOLD
        figures = ONE
        if not wanted.count_requests:
            asked = demand()
            if asked.is_detached:
                return None
            found = self._figures(exchange, exchange.model, targets, asked, wanted)
            if found is None:
                return None
            figures = found
        return self.one_step.take(memory, exchange, wanted, figures, self._clock())

    async def admit(
        self,
        exchange: Exchange,
        targets: Targets,
        demand: Callable[[], Demand],
        metrics: frozenset[Metric] = EVERYTHING,
        *,
        is_long: bool = False,
    ) -> Admission:
        """Reserve what the request may use of each of its limits.

        Only ``metrics`` are asked for. ``is_long``: a thread runs ``demand``. Again for the same
        request asks for what is new. Where a limit says so, the request waits for its room. Raises
        :class:`limits.refusals.LimitError`, and holds nothing new then.
        """
        held = self._reservation(exchange)
        wanted = wanted_of(self.book, exchange, targets, metrics, held)
        if not wanted:
            return self.admission_of(exchange)
        expected = ONE_REQUEST
        if not wanted.count_requests:
            asked = await _asked(demand, is_long)
            expected = await self.expected(exchange, exchange.model, targets, asked, wanted)
        refused = self.waiting.ahead(wanted, exchange.accepted_at)
        if refused is None:
            try:
                return await self.admitted(exchange, wanted, expected)
            except LimitReachedError as exc:
                refused = exc
        return await self.waiting.admitted(
            exchange,
            refused,
            partial(_asked, demand, is_long),
            partial(self.admitted, exchange, wanted, expected),
        )

    async def extend(
        self,
        exchange: Exchange,
        model: str,
        targets: Targets,
        demand: Callable[[], Demand],
        *,
        is_long: bool = False,
    ) -> Admission:
        """Reserve what the request may use of ``model`` instead, beside what it holds.

        Raises :class:`limits.refusals.LimitError`, and holds what it held then.
        """
        held = self._reservation(exchange)
        wanted = wanted_beside(self.book, exchange, model, targets, held)
        if not wanted:
            return UNLIMITED
        asked = await _asked(demand, is_long)
        expected = await self.expected(exchange, model, targets, asked, wanted)
        return await self.admitted(exchange, wanted, expected)

    def settle(self, exchange: Exchange, record: UsageRecord) -> None:
        """Put what ``record`` says in place of what the request held. Waits for nothing."""
        super().settle(exchange, record)
        if record.completion_tokens and self.book.counts_output:
            self.lengths.note(record.user_id, record.model, record.completion_tokens)

    async def expected(
        self,
        exchange: Exchange,
        model: str,
        targets: Targets,
        demand: Demand,
        wanted: Matches,
    ) -> Expected:
        """What the request will use of what ``wanted`` limits. Raises ``LimitError``."""
        if demand.is_detached:
            check_told(wanted)
        figures = self._figures(exchange, model, targets, demand, wanted)
        if figures is not None:
            return Expected.of(figures)
        try:
            await self.prices.learn([priced(target, model) for target in targets])
        except DATABASE_ERRORS as exc:
            money = next(each.rule for each in wanted if each.is_of_money)
            raise LimitsUnavailableError(money) from exc
        found = Expected.of(self._figures_at(exchange, model, targets, demand, None))
        return with_costs(found, demand, targets, model=model, prices=self.prices)

    def _figures(
        self, exchange: Exchange, model: str, targets: Targets, demand: Demand, wanted: Matches
    ) -> Figures | None:
        """The use that is expected of the request; None where a price may have to be looked up.

        The exchange is told of the demand.
        """
        note_demand(exchange, demand)
        tariff = None
        if wanted.have_money:
            tariff = standing(self.prices, targets, model)
            if tariff is None:
                return None
        return self._figures_at(exchange, model, targets, demand, tariff)

    def _figures_at(
        self,
        exchange: Exchange,
        model: str,
        targets: Targets,
        demand: Demand,
        tariff: Tariff | None,
    ) -> Figures:
        usual = self.lengths.usual(exchange.caller.user_id, model)
        return expected_of(demand, targets, exchange.endpoint, usual, tariff)


async def _asked(demand: Callable[[], Demand], is_long: bool) -> Demand:
    return await asyncio.to_thread(demand) if is_long else demand()


gate = Gate()
