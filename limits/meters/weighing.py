"""A request that was weighed on all of its meters, and what is said where it does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from limits.meters.interface import Ask, Refused
from limits.meters.known_meters import State
from limits.meters.memory_states import Reserved

# What a request asks of a meter, what it holds there, what it is to hold in all, and if that fits.
Weighed = tuple[Ask, State, Reserved, int, bool]


def refused(weighed: Sequence[Weighed], now: float) -> Refused:
    """The positions that are over, and a reading of each meter ``now``."""
    over = []
    readings = []
    for position, (ask, state, hold, total, fits) in enumerate(weighed):
        if not fits and ask.is_enforced:
            over.append(position)
        readings.append(state.reading(ask, now, not fits, total - hold[0]))
    return Refused(tuple(over), tuple(readings))
