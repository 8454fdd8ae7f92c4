"""The better of two random targets: nearly as even as the best of all, and no herd runs to one.

https://www.eecs.harvard.edu/~michaelm/postscripts/tpds2001.pdf
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import TypeVar

from resilience.route import Candidate
from resilience.states import SAMPLES_TO_KNOW, States, TargetState

C = TypeVar("C", bound=Candidate)
UNKNOWN_SECONDS = 1.0  # of all targets of a tier while none is known, so that it is any number


def by_load(candidates: Sequence[C], states: States, rng: Callable[[], float]) -> list[C]:
    """The ``candidates`` of one tier: the better of two random ones, then the others by load.

    The load is ``(in flight + 1) · seconds to the first content / weight``. A new target counts as
    quick as the tier's median, and is asked one request at a time until it has three samples.
    """
    known = {each.key: states.of(each.key) for each in candidates}
    times = {key: state.first_content_seconds for key, state in known.items()}
    measured = [seconds for seconds in times.values() if seconds is not None]
    median = statistics.median(measured) if measured else UNKNOWN_SECONDS

    def load(each: C) -> tuple[bool, float]:
        state = known[each.key]
        seconds = times[each.key]
        busy = (state.in_flight + 1) * (median if seconds is None else seconds)
        return _is_tried_out(state), busy / each.weight if each.weight else math.inf

    loads = [load(each) for each in candidates]
    best = _better_of_two(loads, rng)
    others = sorted((n for n in range(len(loads)) if n != best), key=loads.__getitem__)
    return [candidates[best], *(candidates[n] for n in others)]


def _is_tried_out(state: TargetState) -> bool:
    return state.samples < SAMPLES_TO_KNOW and state.without_content > 0


def _better_of_two(loads: Sequence[tuple[bool, float]], rng: Callable[[], float]) -> int:
    count = len(loads)
    one = int(rng() * count)
    other = (one + 1 + int(rng() * (count - 1))) % count if count > 1 else one
    return other if loads[other] < loads[one] else one
