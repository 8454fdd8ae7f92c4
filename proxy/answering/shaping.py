"""The limits of connections and of their keys, on the way of one request.

Before an attempt its step has to be taken here. A step that has no room is no attempt: the walk
goes on, and what other requests are sure to be refused as well rests as after a 429.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from infrastructure.seldom import SeldomLog
from limits.admission.admissions import Reservation
from limits.admission.asked_for import EVERYTHING, FREE, FREE_ENDPOINTS
from limits.admission.upstreams import told_use, upstream_limits
from limits.choices import Metric, SubjectKind
from limits.demand import Demand
from limits.refusals import (
    LimitError,
    LimitReachedError,
    LimitsUnavailableError,
    NeverFitsError,
    UnpricedModelError,
)
from limits.rule import Rule
from proxy.answering.attempting import Asking
from proxy.answering.ended import Ended
from proxy.answering.shapes import Shape
from proxy.answering.walk import OWN_LIMIT, Step
from resilience.outcomes import Kind
from resilience.route import TargetKey
from resilience.states import states
from usage.limit_counts import limit_counts

logger = logging.getLogger(__name__)
seldom = SeldomLog(logger)

# Where nobody can say: a slot is free when some request ends.
UNKNOWN_SECONDS = 1.0
OUTAGE_SECONDS = 2.0
SHORTEST_REST_SECONDS = 1.0  # pools know none that are shorter
LONGEST_REST_SECONDS = 30.0  # then it is asked again, since limits may be raised
NOT_MADE = frozenset({Kind.NOT_SENT, Kind.CANNOT_BE_ASKED})

Place = tuple[TargetKey, str]


class Shaping:
    """What the attempts of one request hold of limits of upstreams, each until it has failed.

    ``refused`` is the limit that has room again first, of those that refused a step.
    """

    def __init__(self, asking: Asking, demand: Callable[[], Demand]) -> None:
        self._asking = asking
        self._demand = demand
        self._asked: Demand | None = None
        self._held: dict[Place, Reservation] = {}
        self.refused: LimitReachedError | None = None

    async def take(self, step: Step, *, is_in_turn: bool = False) -> LimitError | None:
        """Hold what ``step`` may use, or return why there is no room.

        ``is_in_turn``: those who wait for it have waited less long.
        """
        if upstream_limits.is_empty or not self._asking.exchange.requests:
            return None
        target, key, _ = step
        if _place(step) in self._held:
            return None
        asking = self._asking
        metrics = self._metrics(step)
        key_id = None if key is None else key.id
        wanted = upstream_limits.matched(asking.exchange, target, key_id, metrics)
        if not wanted:
            return None
        queue = upstream_limits.queue
        if len(queue) and not is_in_turn:
            ahead = queue.ahead(upstream_limits.names(wanted, asking.exchange))
            if ahead is not None:
                return self._noted(ahead)
        try:
            self._held[_place(step)] = await upstream_limits.reserve(
                asking.exchange, target, wanted, self.demand, output_cap=asking.output_cap
            )
        except LimitReachedError as exc:
            _rest(step, exc)
            return self._noted(exc, is_counted=not is_in_turn)
        except LimitError as exc:
            _tell(exc)
            return exc
        return None

    async def demand(self) -> Demand:
        """What the request asks for, found out once."""
        if self._asked is None:
            is_long = self._asking.is_long
            self._asked = await asyncio.to_thread(self._demand) if is_long else self._demand()
            self._asking.exchange.images = self._asked.images or None
        return self._asked

    def failed(self, step: Step, ended: Ended) -> None:
        """The attempt brought no answer. Again does nothing."""
        if self._held and (reservation := self._held.pop(_place(step), None)):
            is_sent = ended.outcome.kind not in NOT_MADE
            used = told_use(ended.tokens, is_sent=is_sent)
            upstream_limits.release(self._asking.exchange, reservation, used)

    def cancelled(self, step: Step) -> None:
        """The attempt was ended, and its upstream may do the work all the same."""
        if self._held and (reservation := self._held.pop(_place(step), None)):
            upstream_limits.release(self._asking.exchange, reservation, None)

    def _metrics(self, step: Step) -> frozenset[Metric]:
        """A socket counts as a request that runs; what is asked over it is not known yet."""
        is_free = self._asking.shape is Shape.SOCKET or step.target.is_aside
        return FREE if is_free or self._asking.exchange.endpoint in FREE_ENDPOINTS else EVERYTHING

    def _noted(self, refused: LimitReachedError, *, is_counted: bool = True) -> LimitReachedError:
        if is_counted:
            limit_counts.refuse(refused.rule.label)
        known = self.refused
        if known is None or seconds_of(refused) < seconds_of(known):
            self.refused = refused
        return refused


def seconds_of(refused: LimitReachedError) -> float:
    """When there may be room again, in seconds."""
    return UNKNOWN_SECONDS if refused.retry_seconds is None else refused.retry_seconds


def available_in(refused: LimitError) -> float | None:
    """The seconds after which the step may be tried again; None where no wait helps."""
    match refused:
        case LimitReachedError():
            return seconds_of(refused)
        case LimitsUnavailableError():
            return OUTAGE_SECONDS
        case _:
            return None


def _rest(step: Step, refused: LimitReachedError) -> None:
    """Have the key rest, or the target, where no other request would fit either."""
    rule, seconds = refused.rule, refused.retry_seconds
    if seconds is None or seconds < SHORTEST_REST_SECONDS or refused.is_local:
        return
    if not _refuses_all(rule):
        return
    target, key, _ = step
    seconds, pool = min(seconds, LONGEST_REST_SECONDS), target.connection.keys
    if rule.subject_kind is SubjectKind.CONNECTION_KEY and key is not None and pool is not None:
        pool.cool(key, seconds, model=target.model, reason=OWN_LIMIT)
    else:
        states.of(target.key).cool(seconds, OWN_LIMIT)


def _tell(refused: LimitError) -> None:
    """Tell the administrator, as the client can do nothing about it."""
    label = refused.rule.label
    match refused:
        case NeverFitsError():
            seldom.warn(f"The limit {label} of an upstream is less than a request alone may use.")
        case UnpricedModelError():
            seldom.warn(f"The limit {label} of an upstream is of money, and a model has no price.")


def _refuses_all(rule: Rule) -> bool:
    """Whether requests are counted, all of them: others of tokens or money may be smaller."""
    return rule.metric is Metric.REQUESTS and rule.models == ("*",) and not rule.endpoints


def _place(step: Step) -> Place:
    return step.target.key, "" if step.key is None else step.key.id
