"""The limits of the responses over one socket, of which the ledger has one record.

::

    handshake ──► admit: a request
    response ──► what was used so far, and what this one may use beside it ──► its end
                   └─► LimitError: the client is told, and nothing is sent
    close ──► settled by the record

There is one reservation for the whole socket, which grows; a slot is held by a response alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from limits.admission.admissions import UNLIMITED, Admission, used_by
from limits.admission.admitting import ids_of, refusal
from limits.admission.gate import Gate
from limits.choices import Metric
from limits.demand import Demand
from limits.meters.interface import Settlement
from models_registry.targets import Target
from usage.exchange import Exchange
from usage.record import UsageRecord


class Responses:
    """Those of a socket whose handshake was admitted as ``exchange``."""

    def __init__(self, gate: Gate, exchange: Exchange, targets: Sequence[Target]) -> None:
        self._gate = gate
        self._exchange = exchange
        self._targets = targets
        self._number = 0
        self._running: deque[str] = deque()
        self._input_tokens = 0  # of the last response, which had all that was said before
        self._input_before = 0

    async def admit(self, demand: Demand) -> Admission:
        """Reserve what one more response may use. Raises :class:`limits.refusals.LimitError`."""
        gate, exchange, targets = self._gate, self._exchange, self._targets
        if gate.book.is_empty:
            return UNLIMITED
        matched = gate.book.meters_for(
            exchange.caller, exchange.model, exchange.endpoint, ids_of(targets)
        )
        if not matched:
            return UNLIMITED
        number = self._number + 1
        before = used_by(
            UsageRecord.of(exchange), gate.prices if gate.book.has_money else None
        ).quantities
        demand = demand._replace(input_tokens=demand.input_tokens + self._input_tokens)
        expected = await gate.expected(exchange, exchange.model, targets, demand, matched)
        expected = expected._replace(before=before._replace(requests=number - 1))
        slots = [each for each in matched if each.rule.metric is Metric.CONCURRENCY]
        others = [each for each in matched if each not in slots]
        name = f"{exchange.request_id}.{number}"
        if slots:
            answer = await gate.asker.ask(name, gate.holds(exchange, slots, expected))
            if answer.over:
                raise refusal(answer.over)
        self._running.append(name)
        try:
            admission = await gate.admitted(exchange, others, expected) if others else UNLIMITED
        except BaseException:
            self._release(self._running.pop())
            raise
        self._number = number
        exchange.requests = number
        return admission

    def end(self) -> None:
        """The response that began first has ended."""
        prompt = self._exchange.tokens.prompt or 0
        self._input_tokens, self._input_before = prompt - self._input_before, prompt
        self.drop()

    def drop(self) -> None:
        """A response never began."""
        if self._running:
            self._release(self._running.popleft())

    def close(self) -> None:
        """No response runs any more."""
        while self._running:
            self._release(self._running.popleft())

    def _release(self, name: str) -> None:
        settlement = Settlement(name, ())
        self._gate.meters.settle(settlement)
        self._gate.asker.local.settle(settlement)
