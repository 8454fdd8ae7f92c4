"""Nearly all requests pass their limits in one step, without a wait.

::

    figures ──► take: every meter is far from its amount, and of this process ──► settle
                  │ one is near, or unknown                         │ asked again
                  └─► None: nothing is held                         └─► reservation

Each request comes here, so this is kept short, and its figures are plain tuples: Python takes one
apart for far less than a named tuple costs. All others are weighed in full, which comes to the same
result: see :mod:`limits.admission.reserving`.
"""

from __future__ import annotations

from collections.abc import Sequence

from limits.admission.admissions import Admission, Reservation
from limits.admission.expected import Expected, Figures
from limits.admission.holds import holds_of
from limits.counting.live_prices import PlainUsed
from limits.matches import Matches
from limits.meters.interface import PlainReading, Terms
from limits.meters.memory import MemoryMeters
from limits.rule import Rule
from usage.exchange import Exchange

# The limits of a request, and the reading of each.
Told = tuple[tuple[Rule, ...], Sequence[PlainReading]]
NOTHING_TOLD: Told = ((), ())
# Of a request: its limits, their terms, its figures and the time they are of, and what it was told.
OpenRequest = tuple[Matches, tuple[Terms, ...], Figures, float, Told]


class OneStep:
    """The requests of a worker that hold what they took in one step. Belongs to the event loop.

    ``open`` has them by their ids.
    """

    def __init__(self) -> None:
        self.open: dict[str, OpenRequest] = {}

    def take(
        self,
        memory: MemoryMeters,
        exchange: Exchange,
        wanted: Matches,
        figures: Figures,
        now: float,
    ) -> Told | None:
        """Reserve ``figures`` of all ``wanted`` limits, for a request that holds nothing yet.

        Returns None where the request has to be weighed in full, and holds nothing then.
        """
        typical, worst, _, names_maximum, may_be_cut, _, is_priced = figures
        if not is_priced and wanted.have_money:
            return None
        # As in hold_of. No output needs a cap so far from every amount: see fitting.is_near.
        likely, most = wanted.reads(typical), wanted.reads(worst)
        if names_maximum or (may_be_cut and wanted.all_cut):
            holds = [*zip(likely, most, strict=True)]
        else:
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

    def settle(self, memory: MemoryMeters, name: str, used: PlainUsed) -> bool:
        """Put what was ``used`` in place of what the request holds.

        Returns False, and changes nothing, where that has to be weighed in full.
        """
        wanted, terms, _, _, _ = self.open[name]
        amounts, is_priced = used
        if not is_priced and wanted.have_money:
            return False
        if not memory.settle_at_once(name, terms, wanted.reads(amounts)):
            return False
        del self.open[name]
        return True

    def reservation(self, exchange: Exchange) -> Reservation | None:
        """The reservation of what the request took here, None if nothing.

        The request is kept elsewhere from then on.
        """
        name = exchange.request_id
        request = self.open.pop(name, None)
        if request is None:
            return None
        wanted, _, figures, now, (rules, readings) = request
        found = Reservation(name)
        found.hold(holds_of(wanted, Expected.of(figures), exchange.accepted_at, now))
        found.admission = Admission(rules, tuple(readings))
        return found
