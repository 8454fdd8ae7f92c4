"""What the requests of a worker hold, from their admission to their end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from limits.admission.asking import Answer
from limits.admission.holds import Hold
from limits.counting.live_prices import LivePrices, PlainUsed, Used
from limits.counting.used import amounts_at
from limits.matches import Matched
from limits.meters.interface import MeterKind, PlainReading, Settlement, Use, new
from limits.quantities import quantities_in
from limits.rule import Rule
from usage.estimation import counted
from usage.exchange import Exchange
from usage.record import UsageRecord


class Admission(NamedTuple):
    """``readings`` are those of ``rules``, in the same order. ``output_cap``: the maximum of output
    tokens to name in the request's place, None where none is needed.
    """

    rules: tuple[Rule, ...] = ()
    readings: tuple[PlainReading, ...] = ()
    output_cap: int | None = None


UNLIMITED = Admission()


@dataclass(slots=True, eq=False)
class Reservation:
    """``name`` is the request's id, or begins with it. ``held`` is by the names of meters.

    ``is_local``: meters of this worker alone were asked. ``holds_money``: one of the limits is of
    money.
    """

    name: str
    held: dict[str, Hold] = field(default_factory=dict)
    admission: Admission = UNLIMITED
    is_local: bool = False
    holds_money: bool = False

    def hold(self, held: Iterable[Hold]) -> None:
        """Take note of what was reserved."""
        for each in held:
            self.held[each.ask.meter] = each
            if each.matched.is_of_money:
                self.holds_money = True

    def take(self, exchange: Exchange, answer: Answer, output_cap: int | None) -> Admission:
        """Take note of what was reserved. ``exchange`` is told of the periods that it counts to."""
        before, marks = self.admission, exchange.limit_marks
        held = answer.held
        readings: tuple[PlainReading, ...] = answer.readings
        self.hold(held)
        self.is_local = self.is_local or answer.is_local
        rules = [each.matched.rule for each in held]
        for each in held:
            if each.mark and each.mark not in marks:
                marks.append(each.mark)
        if before.rules:
            asked = {reading.meter for reading in answer.readings}
            others = []
            for rule, reading in zip(before.rules, before.readings, strict=True):
                meter, *_ = reading
                if meter not in asked:
                    others.append((rule, reading))
            rules = [*(rule for rule, _ in others), *rules]
            readings = (*(reading for _, reading in others), *readings)
        self.admission = new(Admission, (tuple(rules), readings, output_cap))
        return self.admission

    @property
    def matched(self) -> list[Matched]:
        """The limits that hold it."""
        return [one.matched for one in self.held.values()]

    def settlement(self, used: Used) -> Settlement:
        """What the meters are to be told in the end."""
        return Settlement(self.name, tuple(use_of(one, used) for one in self.held.values()))


class Attempts(Protocol):
    """What the attempts of requests hold besides: see :mod:`limits.admission.upstreams`."""

    def __len__(self) -> int: ...

    def of(self, request_id: str) -> Sequence[Reservation]: ...

    def settle(self, exchange: Exchange, record: UsageRecord) -> None: ...


def used_by(record: UsageRecord, prices: LivePrices | None) -> Used:
    """What ``record`` counts as; without ``prices`` apart from money."""
    used, is_priced = plain_used_by(record, prices)
    return Used(quantities_in(used), is_priced)


def plain_used_by(record: UsageRecord, prices: LivePrices | None) -> PlainUsed:
    """:func:`used_by` in plain tuples."""
    if prices is not None:
        return prices.plain_used(record)
    as_stored, _ = counted(record)
    return amounts_at(as_stored, 0), False


def use_of(hold: Hold, used: Used) -> Use:
    """What a request ``used`` of the meter of ``hold``; slots are only given back."""
    matched, ask = hold.matched, hold.ask
    amount = 0
    if ask.kind is not MeterKind.SLOTS:
        amount = matched.amount_of(used.quantities, is_priced=used.is_priced)
    return Use(ask.meter, ask.kind, amount, ask.window_us, ask.amount)
