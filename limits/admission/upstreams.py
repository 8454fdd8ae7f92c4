"""Limits of connections and of their keys: what each attempt holds of them.

::

    attempt ──► reserve ──► answered ──────────────────► settle: as the record says
                  │           └─ failed, cancelled ────► release: what it used, or may have
                  └─► LimitError: the attempt is not made

An attempt has a reservation of its own, ``<request id>:<n>``, while it runs. Periods are settled
under the request's id, since that is what the database knows: they count the attempt that brought
the answer, or was the last one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from limits.admission.admissions import Reservation, use_of, used_by
from limits.admission.admitting import refusal
from limits.admission.expected import ONE_REQUEST, Expected, capped
from limits.admission.gate import Gate, gate
from limits.admission.holds import Hold
from limits.admission.queue import WaitingQueue
from limits.choices import Metric
from limits.counting.live_prices import Used
from limits.demand import Demand
from limits.matches import Matched, Matches
from limits.meters.interface import MeterKind, Settlement, Use
from limits.quantities import Quantities
from models_registry.targets import Target
from usage.exchange import Exchange
from usage.in_flight import in_flight
from usage.record import UsageRecord
from wire_formats.token_counts import Tokens

NOT_MADE = Used(Quantities(), is_priced=True)


class UpstreamLimits:
    """The attempts of a worker. Belongs to the event loop."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._open: dict[str, list[Reservation]] = {}
        self._number = 0
        self.queue = WaitingQueue()
        gate.attempts = self

    @property
    def is_empty(self) -> bool:
        """Whether no connection and no key has a limit."""
        return not self._gate.book.limits_upstreams

    def __len__(self) -> int:
        """How many requests have attempts that hold something."""
        return len(self._open)

    def matched(
        self, exchange: Exchange, target: Target, key_id: str | None, metrics: frozenset[Metric]
    ) -> Matches:
        """The limits of an attempt. Only those of ``metrics`` are asked."""
        book, upstream = self._gate.book, target.connection.upstream
        also = (*target.granted_ids, target.model) if book.reads_models else ()
        found = book.upstream_rules(upstream.id, key_id, exchange.model, exchange.endpoint, also)
        return Matches(each for each in found if each.rule.metric in metrics)

    def names(self, wanted: Sequence[Matched], exchange: Exchange) -> Iterable[str]:
        """The names of the meters of ``wanted``."""
        return [each.meter_at(exchange.accepted_at) for each in wanted]

    async def reserve(
        self,
        exchange: Exchange,
        target: Target,
        wanted: Matches,
        demand: Callable[[], Awaitable[Demand]],
        *,
        output_cap: int | None = None,
    ) -> Reservation:
        """Hold what an attempt at ``target`` may use of all ``wanted`` limits.

        Raises :class:`limits.refusals.LimitError`, and holds nothing then.
        """
        expected = ONE_REQUEST
        if not wanted.count_requests:
            expected = await self._expected(exchange, target, wanted, await demand(), output_cap)
        self._number += 1
        name = f"{exchange.request_id}:{self._number}"
        reservation = Reservation(name)
        answer = await self._gate.asker.ask(name, self._gate.holds(exchange, wanted, expected))
        if answer.over:
            refused = refusal(answer.over)
            refused.is_local = answer.is_local
            raise refused
        reservation.hold(answer.held)
        reservation.is_local = answer.is_local
        if in_flight.find(exchange.request_id) is None:  # its client has left
            self._settle(reservation, NOT_MADE)
            return reservation
        self._open.setdefault(exchange.request_id, []).append(reservation)
        new = (mark for mark in marks_of(reservation) if mark not in exchange.limit_marks)
        exchange.limit_marks.extend(new)
        return reservation

    def release(self, exchange: Exchange, reservation: Reservation, used: Used | None) -> None:
        """The attempt brought no answer. ``used`` is None where nobody knows what it used: the
        upstream may count what was likely. Again does nothing.

        What is counted by the calendar is given back: the database would know nothing of it.
        """
        held = self._open.get(exchange.request_id, [])
        if reservation not in held:
            return
        held.remove(reservation)
        if not held:
            del self._open[exchange.request_id]
        kept = {mark for one in held for mark in marks_of(one)}
        for mark in marks_of(reservation):
            if mark not in kept and mark in exchange.limit_marks:
                exchange.limit_marks.remove(mark)
        self._settle(reservation, used)

    def of(self, request_id: str) -> Sequence[Reservation]:
        """What attempts of the request hold at its end."""
        return self._open.get(request_id, ())

    def settle(self, exchange: Exchange, record: UsageRecord) -> None:
        """The request has ended: put what ``record`` says in place of what its attempts hold."""
        for reservation in self._open.pop(exchange.request_id, ()):
            prices = self._gate.prices if reservation.holds_money else None
            self._settle(reservation, used_by(record, prices))

    def _settle(self, reservation: Reservation, used: Used | None) -> None:
        uses = tuple(
            _likely_use(each) if used is None else use_of(each, used)
            for each in reservation.held.values()
            if not each.mark
        )
        settlement = Settlement(reservation.name, uses)
        self._gate.meters.settle(settlement)
        if reservation.is_local:
            self._gate.asker.local.settle(settlement)
        self.queue.wake(reservation.held)

    async def _expected(
        self,
        exchange: Exchange,
        target: Target,
        wanted: Matches,
        demand: Demand,
        output_cap: int | None,
    ) -> Expected:
        """What the attempt will use. No limit of an upstream cuts the output of a client."""
        found = await self._gate.expected(exchange, exchange.model, [target], demand, wanted)
        expected = found._replace(may_be_cut=False)
        return expected if output_cap is None else capped(expected, output_cap)


def told_use(tokens: Tokens | None, *, is_sent: bool) -> Used:
    """What a failed attempt used, as far as its upstream told. Its price is left out."""
    told = Tokens() if tokens is None else tokens
    used = Quantities(int(is_sent), told.prompt or 0, told.completion or 0)
    return Used(used, is_priced=True)


def marks_of(reservation: Reservation) -> set[str]:
    """The periods that the attempt counts towards."""
    return {each.mark for each in reservation.held.values() if each.mark}


def _likely_use(hold: Hold) -> Use:
    ask = hold.ask
    amount = 0 if ask.kind is MeterKind.SLOTS else ask.typical
    return Use(ask.meter, ask.kind, amount, ask.window_us, ask.amount)


upstream_limits = UpstreamLimits(gate)
