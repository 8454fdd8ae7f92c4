"""What the requests of a worker hold, from their admission to their end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from limits.admission.holds import Hold
from limits.book import Matched
from limits.choices import Metric, Unpriced
from limits.counting.live_prices import LivePrices, Used
from limits.counting.used import assumed, quantities_of
from limits.meters.interface import MeterKind, Reading, Settlement, Use
from limits.quantities import READERS
from limits.rule import Rule
from usage.estimation import counted
from usage.exchange import Exchange
from usage.record import UsageRecord


class Admission(NamedTuple):
    """``readings`` are those of ``rules``, in the same order. ``output_cap``: the maximum of output
    tokens to name in the request's place, None where none is needed.
    """

    rules: tuple[Rule, ...] = ()
    readings: tuple[Reading, ...] = ()
    output_cap: int | None = None


UNLIMITED = Admission()


class Held(NamedTuple):
    """``is_local``: counted by this worker alone, while the meters were away."""

    hold: Hold
    is_local: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Reservation:
    """``name`` is the request's id, or begins with it. ``held`` is by the names of meters."""

    name: str
    held: dict[str, Held] = field(default_factory=dict)
    admission: Admission = UNLIMITED

    def take(
        self,
        exchange: Exchange,
        held: Sequence[Held],
        readings: Sequence[Reading],
        output_cap: int | None,
    ) -> Admission:
        """Take note of what was reserved. ``exchange`` is told of the periods that it counts to."""
        before = self.admission
        marks = dict.fromkeys(exchange.limit_marks)
        for each in held:
            self.held[each.hold.ask.meter] = each
            if mark := each.hold.mark:
                marks[mark] = None
        exchange.limit_marks[:] = marks
        rules = tuple([each.hold.matched.rule for each in held])
        if before.rules:
            asked = {reading.meter for reading in readings}
            pairs = zip(before.rules, before.readings, strict=True)
            others = [pair for pair in pairs if pair[1].meter not in asked]
            rules = (*(rule for rule, _ in others), *rules)
            readings = (*(reading for _, reading in others), *readings)
        self.admission = Admission(rules, tuple(readings), output_cap)
        return self.admission

    @property
    def matched(self) -> tuple[Matched, ...]:
        """The limits that hold it."""
        return tuple(one.hold.matched for one in self.held.values())

    @property
    def holds_money(self) -> bool:
        """Whether one of the limits is of money."""
        return any(one.hold.matched.rule.metric is Metric.USD for one in self.held.values())

    @property
    def is_local(self) -> bool:
        """Whether the meters of this worker were asked."""
        return any(one.is_local for one in self.held.values())

    def settlement(self, used: Used) -> Settlement:
        """What the meters are to be told in the end."""
        return Settlement(self.name, tuple([use_of(one.hold, used) for one in self.held.values()]))


class Attempts(Protocol):
    """What the attempts of requests hold besides: see :mod:`limits.admission.upstreams`."""

    def periods(self, request_id: str) -> Iterable[Held]: ...

    def settle(self, exchange: Exchange, record: UsageRecord) -> None: ...


def used_by(record: UsageRecord, prices: LivePrices | None) -> Used:
    """What ``record`` counts as; without ``prices`` apart from money."""
    if prices is not None:
        return prices.used(record)
    as_stored, _ = counted(record.believed())
    return Used(quantities_of(as_stored, None), is_priced=False)


def use_of(hold: Hold, used: Used) -> Use:
    """What a request ``used`` of the meter of ``hold``; a slot is only given back."""
    ask, rule = hold.ask, hold.matched.rule
    meter, kind, amount, _, _, window_us, _, _ = ask
    if kind is MeterKind.SLOTS:
        return Use(meter, kind, 0)
    quantities = used.quantities
    if not used.is_priced and rule.metric is Metric.USD and rule.unpriced is Unpriced.ASSUME:
        quantities = assumed(quantities, rule.assumed_nanodollars_per_token)
    return Use(meter, kind, READERS[rule.metric](quantities), window_us, amount)
