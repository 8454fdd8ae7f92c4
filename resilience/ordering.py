"""The order in which one request asks the targets that may serve it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

from resilience.affinity import by_affinity
from resilience.least_busy import by_load
from resilience.route import Candidate, Route, Strategy
from resilience.states import States

C = TypeVar("C", bound=Candidate)
tier_of = attrgetter("tier")


def ordered(
    candidates: Sequence[C],
    route: Route,
    states: States,
    *,
    affinity: bytes = b"",
    price: Callable[[C], float] | None = None,
) -> list[C]:
    """All of the ``candidates``: those of lower tiers first, within a tier by the strategy.

    Behind them come those whose breaker has just closed and that a request is trying, and last
    those that are cooling or whose breaker is open, the least recently failed first. A target
    whose breaker is half-open comes first for one request, unless a lower tier is available or it
    is without an alternative. ``price`` is that of the request, for the strategy ``cost``.
    """
    if len(candidates) < 2:
        return list(candidates)
    able, returning, failing = _parted(candidates, states)
    probe = _probe(able or returning, failing, states) if failing else None
    chosen = [probe] if probe is not None else []
    chosen += _by_tier(able, route, states, affinity, price) if len(able) > 1 else able
    if returning:
        chosen += sorted(returning, key=tier_of)
    if failing:
        rest = (each for each in failing if each is not probe)
        chosen += sorted(rest, key=lambda each: states.of(each.key).last_failed_at)
    return chosen


def _parted(candidates: Sequence[C], states: States) -> tuple[list[C], list[C], list[C]]:
    """Those that can be asked, those that are returning and busy, and those that fail."""
    now = states.clock()
    able: list[C] = []
    returning: list[C] = []
    failing: list[C] = []
    for each in candidates:
        state = states.of(each.key)
        if state.cooling_until > now or state.breaker.ends_at:
            failing.append(each)
        elif state.is_returning:
            returning.append(each)
        else:
            able.append(each)
    return able, returning, failing


def _probe(alternatives: Sequence[C], failing: Sequence[C], states: States) -> C | None:
    """The half-open target that this request finds out about; its slot is taken."""
    if not alternatives:
        return None
    best_tier = min(each.tier for each in alternatives)
    now = states.clock()
    for each in sorted(failing, key=tier_of):
        state = states.of(each.key)
        is_wanted = each.tier <= best_tier and each.weight > 0
        if is_wanted and state.cooling_until <= now and state.breaker.try_half_open():
            return each
    return None


def _by_tier(
    able: list[C],
    route: Route,
    states: States,
    affinity: bytes,
    price: Callable[[C], float] | None,
) -> Iterator[C]:
    by_tier = sorted(able, key=tier_of)
    if route.strategy is Strategy.FIRST:
        yield from by_tier
        return
    for _, group in groupby(by_tier, tier_of):
        tier = list(group)
        if len(tier) == 1:
            yield tier[0]
            continue
        match route.strategy:
            case Strategy.LEAST_BUSY | Strategy.LATENCY:
                yield from by_load(tier, states, states.rng)
            case Strategy.COST if price is not None:
                yield from sorted(tier, key=price)
            case Strategy.AFFINITY if affinity:
                yield from by_affinity(tier, states, affinity)
            case Strategy.WEIGHTED | Strategy.AFFINITY:
                yield from states.turns.in_turn(route.model, tier)
            case _:
                yield from tier
