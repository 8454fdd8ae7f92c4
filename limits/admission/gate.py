"""The gate: a request passes when all of its limits have room for it.

::

    admit ──► reserved on all meters ──► attempts ──► in_flight.close ──► record ──► settle
      │                                    │
      └─► LimitError: nothing is held      └─► extend: a fallback that costs more, or has
                                                limits of its own

Everything is settled by what the ledger records. A request that reached no upstream, and was not
answered otherwise, releases what it held.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial

from channels.db import database_sync_to_async

from accounts.changes import DATABASE_ERRORS
from limits.admission.admissions import UNLIMITED, Admission, Attempts, Reservation, used_by
from limits.admission.admitting import Targets, expectation, fitting_cap, ids_of, is_near, refusal
from limits.admission.asking import Answer, Takes, asker_of
from limits.admission.expected import ONE_REQUEST, Expected, capped
from limits.admission.holds import COUNTING_REQUESTS, Hold, check_fits, check_told, hold_of
from limits.admission.output_lengths import OutputLengths
from limits.admission.waiting import Waiting
from limits.book import EMPTY, Book, Matched
from limits.choices import Metric
from limits.counting.live_prices import LivePrices, live_prices
from limits.counting.periods import bases_of
from limits.demand import Demand
from limits.meters.interface import Meters, Settlement
from limits.meters.memory import MemoryMeters
from limits.refusals import LimitError, LimitsUnavailableError
from usage.exchange import Exchange
from usage.in_flight import in_flight
from usage.record import UsageRecord

Wanted = Sequence[Matched]

CAPS = 4  # takes with a shorter output each, before a request is refused
# What requests are asked for that cost neither tokens nor money.
FREE = frozenset({Metric.REQUESTS, Metric.CONCURRENCY})
HANDSHAKE = frozenset({Metric.REQUESTS})
EVERYTHING = frozenset(Metric)
FREE_ENDPOINTS = frozenset({"messages/count_tokens", "responses/input_tokens"})


find_bases = database_sync_to_async(bases_of)


class Gate:
    """The limits of a worker. Belongs to the event loop."""

    def __init__(
        self,
        meters: Meters | None = None,
        *,
        prices: LivePrices = live_prices,
        local: Takes | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``local`` counts in this worker while ``meters`` are away."""
        self.book: Book = EMPTY
        self.prices = prices
        self.lengths = OutputLengths()
        self._clock = clock
        self.waiting = Waiting()
        self.attempts: Attempts | None = None
        self._open: dict[str, Reservation] = {}
        self.use(MemoryMeters() if meters is None else meters, local=local)

    def use(self, meters: Meters, *, local: Takes | None = None) -> None:
        """Have ``meters`` asked from now on."""
        self.asker = asker_of(meters, local, find_bases)

    @property
    def running(self) -> int:
        """How many requests hold something."""
        return len(self._open)

    @property
    def meters(self) -> Meters:
        return self.asker.meters

    async def admit(
        self,
        exchange: Exchange,
        targets: Targets,
        demand: Callable[[], Demand],
        metrics: frozenset[Metric] = EVERYTHING,
        is_long: bool = False,
    ) -> Admission:
        """Reserve what the request may use of each of its limits.

        Only ``metrics`` are asked for. ``is_long``: a thread runs ``demand``. Again for the same
        request asks for what is new. Where a limit says so, the request waits for its room. Raises
        :class:`limits.refusals.LimitError`, and holds nothing new then.
        """
        also = ids_of(targets) if self.book.reads_models else ()
        matched = self.book.meters_for(exchange.caller, exchange.model, exchange.endpoint, also)
        if exchange.endpoint in FREE_ENDPOINTS:
            metrics &= FREE
        held = self._open.get(exchange.request_id)
        before = () if held is None else held.matched
        wanted = [each for each in matched if each.rule.metric in metrics and each not in before]
        if not wanted:
            return self.admission_of(exchange.request_id)
        if all(each.rule.metric in COUNTING_REQUESTS for each in wanted):
            expected = ONE_REQUEST
        else:
            asked = await _asked(demand, is_long)
            expected = await self.expected(exchange, exchange.model, targets, asked, wanted)
        return await self.waiting.admitted(
            exchange,
            wanted,
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
        held = self._open.get(exchange.request_id)
        own = self.book.meters_for(exchange.caller, model, exchange.endpoint, ids_of(targets))
        before = () if held is None else held.matched
        wanted = list(dict.fromkeys((*before, *own)))
        if not wanted:
            return UNLIMITED
        asked = await _asked(demand, is_long)
        expected = await self.expected(exchange, model, targets, asked, wanted)
        return await self.admitted(exchange, wanted, expected)

    def settle(self, exchange: Exchange, record: UsageRecord) -> None:
        """Put what ``record`` says in place of what the request held. Waits for nothing."""
        name = exchange.request_id
        reservation = self._open.pop(name, None)
        if self.attempts is not None:
            for held in self.attempts.periods(name):
                reservation = reservation or Reservation(name=name)
                reservation.held[held.hold.ask.meter] = held
        if record.completion_tokens and self.book.rules:
            self.lengths.note(record.user_id, record.model, record.completion_tokens)
        if reservation is not None:
            self._settle(reservation, record)
        if self.attempts is not None:
            self.attempts.settle(exchange, record)

    def admission_of(self, request_id: str) -> Admission:
        """What was said to the request when it was admitted last."""
        reservation = self._open.get(request_id)
        return UNLIMITED if reservation is None else reservation.admission

    async def expected(
        self,
        exchange: Exchange,
        model: str,
        targets: Targets,
        demand: Demand,
        wanted: Wanted,
    ) -> Expected:
        """What the request will use of what ``wanted`` limits. Raises ``LimitError``."""
        check_told(demand, wanted)
        try:
            return await expectation(
                exchange,
                model,
                targets,
                demand,
                wanted,
                lengths=self.lengths,
                prices=self.prices,
            )
        except DATABASE_ERRORS as exc:
            money = next(each.rule for each in wanted if each.rule.metric is Metric.USD)
            raise LimitsUnavailableError(money) from exc

    async def admitted(self, exchange: Exchange, wanted: Wanted, expected: Expected) -> Admission:
        """Reserve what is ``expected`` of all ``wanted`` limits. Raises ``LimitError``."""
        name = exchange.request_id
        # From here on it is settled in any case, also if the client leaves while it is asked.
        reservation = self._open.get(name)
        if reservation is None:
            reservation = self._open[name] = Reservation(name=name)
        cap = reservation.admission.output_cap
        if cap is not None:
            expected = capped(expected, cap)
        for _ in range(CAPS):
            answer = await self.asker.ask(name, self.holds(exchange, wanted, expected))
            if not answer.over:
                break
            cap = fitting_cap(answer.over, cap)
            if cap is None:
                raise self._refused(reservation, answer)
            expected = capped(expected, cap)
        else:
            raise self._refused(reservation, answer)
        if cap is None and not expected.is_bounded and is_near(answer):
            cap = expected.worst.output_tokens
        if in_flight.find(name) is None:  # its client has left, and nobody will settle it
            self._let_go(reservation)
        return reservation.take(exchange, answer.held, answer.readings, cap)

    def holds(self, exchange: Exchange, wanted: Wanted, expected: Expected) -> list[Hold]:
        """Raises ``LimitError`` for what no meter needs to be asked for."""
        now, accepted_at = self._clock(), exchange.accepted_at
        holds = [hold_of(each, expected, accepted_at=accepted_at, now=now) for each in wanted]
        for hold in holds:
            check_fits(hold, expected)
        return holds

    def _settle(self, reservation: Reservation, record: UsageRecord) -> None:
        used = used_by(record, self.prices if reservation.holds_money else None)
        self.meters.settle(reservation.settlement(used))
        if reservation.is_local:
            self.asker.local.settle(reservation.settlement(used))
        self.waiting.wake(reservation.held)

    def _refused(self, reservation: Reservation, answer: Answer) -> LimitError:
        if not reservation.held:
            self._open.pop(reservation.name, None)
        return refusal(answer.over)

    def _let_go(self, reservation: Reservation) -> None:
        self._open.pop(reservation.name, None)
        self.meters.settle(Settlement(reservation.name, ()))
        self.waiting.wake(reservation.held)


async def _asked(demand: Callable[[], Demand], is_long: bool) -> Demand:
    return await asyncio.to_thread(demand) if is_long else demand()


gate = Gate()
