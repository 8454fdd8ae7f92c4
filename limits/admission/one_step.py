"""The short way of nearly all requests through their limits: in one step, without a wait.

::

    figures ──► take: every meter is far from its amount, and of this process ──► settle
                  │ one is near, or unknown                         │ asked again
                  └─► None: nothing is held                         └─► reservation

What happens here happens for each request, so it is kept short, and its figures are plain tuples:
Python takes one apart for a fraction of what a named tuple costs. The long way, which comes to the
same result, is :mod:`limits.admission.reserving`.
"""

from __future__ import annotations

from collections.abc import Sequence

from limits.admission.admissions import Admission, Reservation
from limits.admission.expected import Expected, Figures
from limits.admission.holds import holds_of
from limits.counting.live_prices import Settled
from limits.matches import Matches
from limits.meters.interface import PlainReading, Terms
from limits.meters.memory import MemoryMeters
from limits.rule import Rule
from usage.exchange import Exchange

# What is said to a request: its limits, and the reading of each.
Told = tuple[tuple[Rule, ...], Sequence[PlainReading]]
NOTHING_TOLD: Told = ((), ())
# What a request took: by which terms, as what was expected of it at which time, and what was said.
Taken = tuple[Matches, tuple[Terms, ...], Figures, float, Told]


class AtOnce:
    """The requests of a worker that hold what they took in one step. Belongs to the event loop."""

    def __init__(self) -> None:
        self.open: dict[str, Taken] = {}

    def take(
        self,
        memory: MemoryMeters,
        exchange: Exchange,
        wanted: Matches,
        figures: Figures,
        now: float,
    ) -> Told | None:
        """Reserve ``figures`` of all ``wanted`` limits, for a request that holds nothing yet.

        None where that needs a closer look, and nothing is held then.
        """
        typical, worst, _, is_named, may_be_cut, _, is_priced = figures
        if not is_priced and wanted.have_money:
            return None
        likely, most = wanted.reads(typical), wanted.reads(worst)
        if is_named or (may_be_cut and wanted.all_cut):
            holds = [*zip(likely, most, strict=True)]
        else:  # as in hold_of: what nothing bounds is held as it is likely
            holds = [
                (one, other if may_be_cut and each.may_cut else one)
                for each, one, other in zip(wanted, likely, most, strict=True)
            ]
        in_force = wanted.in_force(exchange.accepted_at, now)
        name, terms = exchange.request_id, in_force.terms
        readings = memory.take_at_once(name, terms, holds)
        if readings is None:
            return None
        marks, periods = exchange.limit_marks, in_force.marks
        marks += periods if not marks else [mark for mark in periods if mark not in marks]
        told = wanted.rules, readings
        self.open[name] = wanted, terms, figures, now, told
        return told

    def settle(self, memory: MemoryMeters, name: str, taken: Taken, settled: Settled) -> bool:
        """Put what was used in place of what was ``taken``. False, and nothing changes, where that
        needs a closer look."""
        wanted, terms, _, _, _ = taken
        used, is_priced = settled
        if not is_priced and wanted.have_money:
            return False
        if not memory.settle_at_once(name, terms, wanted.reads(used)):
            return False
        del self.open[name]
        return True

    def reservation(self, exchange: Exchange) -> Reservation | None:
        """What the request took, for a closer look: it is no more one of these then."""
        name = exchange.request_id
        taken = self.open.pop(name, None)
        if taken is None:
            return None
        wanted, _, figures, now, (rules, readings) = taken
        found = Reservation(name)
        found.hold(holds_of(wanted, Expected.of(figures), exchange.accepted_at, now))
        found.admission = Admission(rules, tuple(readings))
        return found
