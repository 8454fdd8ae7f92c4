"""The way of one request through its targets and their keys: where it goes next.

::

    first ──► a target in order, with a key that does not rest
    after ──► another key of it ──► the next target ──► the same one again, once
    waited ──► from the beginning, since what was limited may be asked again

A target is *closed* once it failed in a way that another key, or time, does not mend.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from connections.auth.key_pool import KeyPool
from connections.upstream import UpstreamKey
from models_registry.targets import Target
from resilience.budget import retry_budgets
from resilience.ordering import ordered
from resilience.outcomes import Kind
from resilience.route import Route, TargetKey
from resilience.states import states
from resilience.verdict import Next


class Step(NamedTuple):
    """An attempt to be made. ``key`` is None where the connection signs with something else."""

    target: Target
    key: UpstreamKey | None
    what: str = ""  # beside the step before, for the record


class Walk:
    """``targets`` are those of ``route`` that may serve the request."""

    def __init__(self, targets: Sequence[Target], route: Route, *, affinity: bytes = b"") -> None:
        self._order = ordered(targets, route, states, affinity=affinity)
        self._tried: dict[TargetKey, list[str]] = {}  # the ids of keys
        self._closed: set[TargetKey] = set()
        self._is_repeated = False
        self._payer: int | None = None  # the connection that the request began with

    def first(self) -> Step | None:
        """The first target that can be asked now; None where all rest."""
        for target in self._order:
            if step := self._step(target):
                return step
        return None

    def last_resort(self) -> Step | None:
        """The first target whose key may have come back: one that was refused, or had no money.

        For a request that finds no other. A limit of a rate says when it ends, and is respected.
        """
        if self.available_in() is not None:
            return None
        for target in self._order:
            pool = target.connection.keys
            key = None if pool is None else pool.last_resort(target.model)
            if key is not None:
                return self._taken(target, key)
        return None

    def after(self, step: Step, following: Next) -> Step | None:
        """The step that ``following`` allows after a failed ``step``; None if there is none."""
        target = step.target
        if following is Next.STOP:
            return None
        if following in {Next.OTHER_KEY, Next.OTHER_KEY_OR_WAIT}:
            if other := self._step(target, "other key"):
                return other
        else:
            self._closed.add(target.key)
        for each in self._order:
            if each is not target and (other := self._step(each, "other target")):
                return other
        is_again = following is Next.OTHER_TARGET_OR_AGAIN and not self._is_repeated
        if is_again and states.of(target.key).breaker.is_closed:
            self._is_repeated = True
            return self._spent(Step(target, step.key, "again"))
        return None

    def waited(self) -> Step | None:
        """The first step after a wait for what was limited."""
        self._tried.clear()
        for target in self._order:
            if step := self._step(target, "waited"):
                return step
        return None

    def available_in(self) -> float | None:
        """Seconds until the first target whose rate is limited can be asked; None if none is."""
        found = [left for target in self._order if (left := self._limited_for(target)) is not None]
        return min(found, default=None)

    def _limited_for(self, target: Target) -> float | None:
        if target.key in self._closed:
            return None
        pool = target.connection.keys
        if pool is None:
            return _limit_of_target(target)
        return _limit_of_keys(pool, target.model)

    def _step(self, target: Target, what: str = "") -> Step | None:
        """The next step to ``target``, which is paid for if it is not the first of the request."""
        if self._closed and target.key in self._closed:
            return None
        pool = target.connection.keys
        tried = self._tried.get(target.key, ()) if self._tried else ()
        if pool is None:
            if tried or _limit_of_target(target):
                return None
            return self._spent(Step(target, None, what))
        key = pool.usable(target.model, tried)
        return None if key is None else self._spent(Step(target, key, what))

    def _spent(self, step: Step) -> Step | None:
        """``step`` if it is the first, or the budget of the first one's connection has a retry
        for it."""
        if self._payer is not None and not retry_budgets.of(self._payer).spend():
            return None
        return self._taken(step.target, step.key, step.what)

    def _taken(self, target: Target, key: UpstreamKey | None, what: str = "") -> Step:
        if self._payer is None:
            self._payer = target.connection.upstream.id
        self._tried.setdefault(target.key, []).append("" if key is None else key.id)
        return Step(target, key, what)


def _limit_of_target(target: Target) -> float | None:
    """Seconds for which a target without keys is limited; None if it is not."""
    state = states.of(target.key)
    if state.cooling_until and state.reason == Kind.RATE_LIMITED:
        left = state.cooling_until - states.clock()
        return left if left > 0 else None
    return None


def _limit_of_keys(pool: KeyPool, model: str) -> float | None:
    """Seconds until a key that is limited for ``model`` can be used; None if none is."""
    return min(
        (report.seconds for report in pool.reports() if report.model == model),
        default=None,
    )
