"""What requests hold of their limits: reserved on their meters, and settled by their records.

::

    far from every amount, by the meters of this memory ──► OneStep ────────┐
      │ no                          asked again, or not settled so │        ▼
      ▼                                                            ▼     settle ──► given back
    shortened until it fits, looked up, by the rule of an outage ─► Reservation ─┘
      └─► LimitError: nothing new is held

"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from limits.admission.admissions import (
    UNLIMITED,
    Admission,
    Attempts,
    Reservation,
    plain_used_by,
    used_by,
)
from limits.admission.admitting import refusal
from limits.admission.asking import Takes, asker_of
from limits.admission.expected import Expected
from limits.admission.fitting import fitted
from limits.admission.holds import Hold, check_fits, holds_of
from limits.admission.one_step import OneStep
from limits.admission.waiting import Waiting
from limits.counting.live_prices import LivePrices
from limits.matches import Matched
from limits.meters.interface import Ask, Base, Meters, Settlement
from limits.refusals import LimitError
from usage.exchange import Exchange
from usage.in_flight import in_flight
from usage.record import UsageRecord

FindBases = Callable[[Sequence[Ask]], Awaitable[Sequence[Base]]]


class Reserving:
    """The reservations of a worker. Belongs to the event loop.

    ``attempts`` hold of the limits of connections besides: see :mod:`limits.admission.upstreams`.
    """

    def __init__(
        self, prices: LivePrices, find_bases: FindBases, clock: Callable[[], float] = time.time
    ) -> None:
        self.prices = prices
        self._find_bases = find_bases
        self._clock = clock
        self.waiting = Waiting()
        self.attempts: Attempts | None = None
        self.one_step = OneStep()
        self._open: dict[str, Reservation] = {}

    def use(self, meters: Meters, *, local: Takes | None = None) -> None:
        """Have ``meters`` asked from now on."""
        self.asker = asker_of(meters, local, self._find_bases)

    @property
    def running(self) -> int:
        """How many requests hold something."""
        return len(self._open) + len(self.one_step.open)

    @property
    def meters(self) -> Meters:
        return self.asker.meters

    def admission_of(self, exchange: Exchange) -> Admission:
        """What was said to the request when it was admitted last."""
        reservation = self._reservation(exchange)
        return UNLIMITED if reservation is None else reservation.admission

    async def admitted(
        self, exchange: Exchange, wanted: Sequence[Matched], expected: Expected
    ) -> Admission:
        """Reserve what is ``expected`` of all ``wanted`` limits. Raises ``LimitError``."""
        name = exchange.request_id
        # From here on it is settled in any case, also if the client leaves while it is asked.
        reservation = self._reservation(exchange)
        if reservation is None:
            reservation = self._open[name] = Reservation(name)
        try:
            answer, cap = await fitted(
                self.asker,
                name,
                partial(self.holds, exchange, wanted),
                expected,
                reservation.admission.output_cap,
            )
            if answer.over:
                raise refusal(answer.over)
        except LimitError:
            if not reservation.held:
                self._open.pop(name, None)
            raise
        admission = reservation.take(exchange, answer, cap)
        if in_flight.find(name) is None:  # its client has left: no record will settle it
            self._let_go(reservation)
        return admission

    def holds(
        self, exchange: Exchange, wanted: Sequence[Matched], expected: Expected
    ) -> list[Hold]:
        """Raises ``LimitError`` for what no meter needs to be asked for."""
        now, accepted_at = self._clock(), exchange.accepted_at
        holds = holds_of(wanted, expected, accepted_at, now)
        for hold in holds:
            if hold.ask.worst > hold.ask.amount:
                check_fits(hold, expected)
        return holds

    def settle(self, exchange: Exchange, record: UsageRecord) -> None:
        """Put what ``record`` says in place of what the request held. Waits for nothing."""
        name, attempts = exchange.request_id, self.attempts
        if attempts is not None and not len(attempts):
            attempts = None
        if attempts is None and self._settled_in_one_step(exchange, record):
            return
        reservation = self._reservation(exchange)
        self._open.pop(name, None)
        if attempts is not None:
            for one in attempts.of(name):
                reservation = reservation or Reservation(name)
                reservation.hold(each for each in one.held.values() if each.mark)
                reservation.is_local |= one.is_local
        if reservation is not None:
            self._settle(reservation, record)
        if attempts is not None:
            attempts.settle(exchange, record)

    def _settled_in_one_step(self, exchange: Exchange, record: UsageRecord) -> bool:
        name, memory = exchange.request_id, self.asker.memory
        request = self.one_step.open.get(name)
        if request is None or memory is None:
            return False
        wanted, terms, _, _, _ = request
        used = plain_used_by(record, self.prices if wanted.have_money else None)
        if not self.one_step.settle(memory, name, used):
            return False
        if self.waiting.queue.waiting:
            self.waiting.wake(each.meter for each in terms)
        return True

    def _reservation(self, exchange: Exchange) -> Reservation | None:
        """What the request holds, whichever way it came to it."""
        found = self._open.get(exchange.request_id)
        if found is None and (found := self.one_step.reservation(exchange)) is not None:
            self._open[exchange.request_id] = found
        return found

    def _settle(self, reservation: Reservation, record: UsageRecord) -> None:
        used = used_by(record, self.prices if reservation.holds_money else None)
        settlement = reservation.settlement(used)
        self.asker.meters.settle(settlement)
        if reservation.is_local:
            self.asker.local.settle(settlement)
        self.waiting.wake(reservation.held)

    def _let_go(self, reservation: Reservation) -> None:
        self._open.pop(reservation.name, None)
        nothing_used = Settlement(reservation.name, ())
        self.meters.settle(nothing_used)
        if reservation.is_local:
            self.asker.local.settle(nothing_used)
        self.waiting.wake(reservation.held)
