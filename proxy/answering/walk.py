"""The way of one request through its targets and their keys: where it goes next.

::

    first ──► a target in order, with a key that does not rest
    after ──► another key of it ──► the next target ──► the same one again, once
    waited ──► from the beginning, since what was limited may be asked again

A target is *closed* once it failed in a way that another key, or time, does not mend.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from connections.auth.key_pool import KeyPool
from connections.upstream import UpstreamKey
from models_registry.targets import Target
from proxy.answering.harmless import is_harmless
from proxy.answering.prices import price_for
from resilience.budget import retry_budgets
from resilience.ordering import ordered
from resilience.outcomes import Kind
from resilience.route import Route, TargetKey
from resilience.states import states
from resilience.verdict import Next

AGAIN = "again"
OWN_LIMIT = "own limit"  # of a connection or a key, as an administrator has set it
OF_TARGETS = frozenset({Kind.RATE_LIMITED.value, OWN_LIMIT})
OF_CONNECTIONS = frozenset({OWN_LIMIT})


class Step(NamedTuple):
    """An attempt to be made. ``key`` is None where the connection signs with something else.

    ``what`` tells how it differs from the step before, for the record: ``other key``.
    """

    target: Target
    key: UpstreamKey | None
    what: str = ""


class Walk:
    """``targets`` are those of ``route`` that may serve the request."""

    def __init__(self, targets: Sequence[Target], route: Route, *, affinity: bytes = b"") -> None:
        price = price_for(route)
        self._in_order = partial(ordered, targets, route, states, affinity=affinity, price=price)
        self._order = self._in_order()
        self._tried: dict[TargetKey, list[str]] = {}  # the ids of keys
        self._closed: set[TargetKey] = set()
        self._is_repeated = False
        self._payer: int | None = None  # the connection that the request began with
        self._number = 0  # of steps that were taken
        self._noted: list[float] = []  # when limits of our own have room again

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
                return self._taken(Step(target, key))
        return None

    def after(self, step: Step, following: Next) -> Step | None:
        """The step that ``following`` allows after a failed ``step``; None if there is none."""
        target = step.target
        if following is Next.STOP:
            return None
        self.close(step, following)
        if other := self._step(target, "other key"):
            return other
        for each in self._order:
            if each is not target and (other := self._step(each, "other target")):
                return other
        is_again = following is Next.OTHER_TARGET_OR_AGAIN and not self._is_repeated
        if is_again and states.of(target.key).breaker.is_closed:
            self._is_repeated = True
            again = Step(target, step.key, AGAIN)
            return self._taken(again) if self._may_ask() else None
        return None

    def skip(self, step: Step, available_in: float | None) -> None:
        """Take note that ``step`` is not attempted, since a limit of our own has no room for it.

        ``available_in`` are the seconds until it has, None where no wait helps.
        """
        self._number -= 1
        if self._number:
            self._give_back()
        else:
            self._payer = None
        breaker = states.of(step.target.key).breaker
        if breaker.has_slot_to_claim:  # for another request to find out whether it is back
            breaker.give_back(breaker.claim_slot())
        if available_in is not None:
            self._noted.append(states.clock() + available_in)

    def beside(self, step: Step) -> Step | None:
        """A step to another target that is well, to be taken while ``step`` has no answer."""
        for each in self._order:
            if each is step.target or not _may_hedge(each):
                continue
            if other := self._step(each, "hedge"):
                return other
        return None

    def close(self, step: Step, following: Next) -> None:
        """Take note that the target of ``step`` failed, which another ``following`` does not mend.

        After a limit or a refused key, another key of it can be tried.
        """
        if following not in {Next.OTHER_KEY, Next.OTHER_KEY_OR_WAIT}:
            self._closed.add(step.target.key)

    def waited(self) -> Step | None:
        """The first step after a wait for what was limited; None if it is limited again."""
        self._tried.clear()
        self._noted.clear()
        self._order = self._in_order()  # much may have happened meanwhile
        for target in self._order:
            if step := self._step(target, "waited"):
                return step
        return None

    def available_in(self) -> float | None:
        """Seconds until the first target whose rate is limited can be asked; None if none is."""
        found = [left for target in self._order if (left := self._limited_for(target)) is not None]
        if self._noted:
            found.append(max(min(self._noted) - states.clock(), 0.0))
        return min(found, default=None)

    def _limited_for(self, target: Target) -> float | None:
        if target.is_aside or target.key in self._closed:
            return None
        pool, own = target.connection.keys, _limit_of_target(target)
        if pool is None:
            return own
        of_keys = _limit_of_keys(pool, target.model)
        return of_keys if own is None else max(own, of_keys or 0.0)

    def _step(self, target: Target, what: str = "") -> Step | None:
        """The next step to ``target``, which is paid for if it is not the first of the request."""
        if self._closed and target.key in self._closed:
            return None
        pool = target.connection.keys
        tried = self._tried.get(target.key, ()) if self._tried else ()
        if _limit_of_target(target) and not target.is_aside:
            return None
        if pool is None:
            if tried or not self._may_ask():
                return None
            return self._taken(Step(target, None, what))
        if not self._may_ask():  # before a key is handed out, which may be its only trial
            return None
        key = pool.usable(target.model, tried)
        if key is None:
            self._give_back()
            return None
        return self._taken(Step(target, key, what))

    def _may_ask(self) -> bool:
        """Whether this is the first attempt, or the budget of the connection that the request began
        with pays for a further one."""
        return self._payer is None or retry_budgets.of(self._payer).spend()

    def _give_back(self) -> None:
        if self._payer is not None:
            retry_budgets.of(self._payer).give_back()

    def _taken(self, step: Step) -> Step:
        target, key, _ = step
        if self._payer is None:
            self._payer = target.connection.upstream.id
        self._number += 1
        self._tried.setdefault(target.key, []).append("" if key is None else key.id)
        return step


def _may_hedge(target: Target) -> bool:
    """Whether the target is well, and may be asked for what another one may answer."""
    if target.filters or target.awaits_filters_of or states.of(target.key).available_at:
        return False
    return is_harmless(target.registration.default_parameters)


def _limit_of_target(target: Target) -> float | None:
    """Seconds for which a target is limited, whichever of its keys signs; None if it is not.

    What a provider limits is the key, where there are some.
    """
    state = states.of(target.key)
    reasons = OF_TARGETS if target.connection.keys is None else OF_CONNECTIONS
    if state.cooling_until and state.reason in reasons:
        left = state.cooling_until - states.clock()
        return left if left > 0 else None
    return None


def _limit_of_keys(pool: KeyPool, model: str) -> float | None:
    """Seconds until a key that is limited for ``model`` can be used; None if none is."""
    return min(
        (report.seconds for report in pool.reports() if report.model == model),
        default=None,
    )
