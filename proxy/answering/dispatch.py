"""Getting a call answered by one of its targets. The only place that decides about another try.

::

    targets ─► Walk ─► step ─► Asking.attempt ─► Dispatched: content, or all of it ─► the answer
                ▲                    │
                │                    ▼ Ended
                └── after, waited ── verdict ─► cooldown, breaker
                                     │
                                     └─ nothing more allowed ─► error_at_the_end
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from connections.calling.client import UpstreamClient
from limits.refusals import LimitError
from proxy.answering.admission import admit, extended
from proxy.answering.attempting import Asking
from proxy.answering.candidates import Candidates, Fallback
from proxy.answering.dispatched import Dispatched
from proxy.answering.ended import Ended
from proxy.answering.exhausted import error_at_the_end
from proxy.answering.hedged import Way, hedging_of
from proxy.answering.settling import settle_answer, settle_failure, settle_next, settle_success
from proxy.answering.shapes import Shape
from proxy.answering.steps import Pause, Steps
from proxy.answering.time_limit import TimeLimit, time_limit
from proxy.answering.walk import Step, Walk
from proxy.client_side.errors import ApiError
from resilience.budget import retry_budgets
from resilience.outcomes import Kind
from resilience.policy import Ambiguous
from resilience.states import states
from resilience.verdict import Next, Signal, Verdict, verdict
from usage.exchange import Exchange
from wire_formats.errors import UnsendableError


async def dispatch(
    client: UpstreamClient,
    candidates: Candidates,
    *,
    exchange: Exchange,
    shape: Shape = Shape.ANSWER,
    is_long: bool = False,
    affinity: bytes = b"",
    fallback: Fallback | None = None,
    may_repeat: Callable[[], bool] | None = None,
    client_failure: Callable[[], Exception | None] | None = None,
    pause: Pause = asyncio.sleep,
) -> Dispatched:
    """The answer of the first target that has one, begun as ``shape`` says.

    The outcome table (:mod:`resilience.verdict`) decides what follows a failed attempt, within the
    limits of the route's policy. A target that lacks the endpoint is asked again for the
    substitute, if ``call_for`` has one. ``exchange`` is told what was tried. ``is_long``: a thread
    runs ``call_for``, which takes its time. ``fallback`` gives the candidates of another model,
    with the caller's own rights. ``may_repeat``: the body can be sent again. ``client_failure``:
    what was wrong with it. Raises this, ``ApiError``, ``UnsendableError`` and ``LimitError``.
    """
    asking = Asking(
        client=client,
        exchange=exchange,
        call_for=candidates.call_for,
        shape=shape,
        forward_user_info=candidates.forward_user_info,
        is_long=is_long,
    )
    await admit(asking, candidates)
    return await _Request(
        asking=asking,
        candidates=candidates,
        walk=Walk(candidates.targets, candidates.route, affinity=affinity),
        fallback=fallback,
        may_repeat=may_repeat,
        client_failure=client_failure,
        pause=pause,
    ).answered()


class _Request:
    """One request on its way to an answer."""

    def __init__(
        self,
        *,
        asking: Asking,
        candidates: Candidates,
        walk: Walk,
        fallback: Fallback | None,
        may_repeat: Callable[[], bool] | None,
        client_failure: Callable[[], Exception | None] | None,
        pause: Pause,
    ) -> None:
        self._asking = asking
        self._exchange = asking.exchange
        self._route = candidates.route
        self._policy = policy = candidates.route.policy
        self._fallback = fallback
        self._may_repeat = may_repeat
        self._client_failure = client_failure
        waited = asking.exchange.queued_seconds
        self._ends_at = asking.exchange.started + waited + policy.deadline_seconds
        self._steps = Steps(
            walk, asking, candidates.demand, policy=policy, ends_at=self._ends_at, pause=pause
        )
        self._ended: list[Ended] = []
        self._is_over = False
        self._hedging = hedging_of(asking, policy) if policy.hedges else None

    async def answered(self) -> Dispatched:
        """The answer. Raises ``ApiError`` and ``UnsendableError``."""
        step = await self._steps.first()
        if step is not None:
            retry_budgets.of(step.target.connection.upstream.id).note_first(
                self._policy.retry_budget_percent
            )
        following = Next.OTHER_TARGET
        while step is not None:
            result = await self._attempted(step)
            if isinstance(result, Dispatched):
                return result
            following = self._settled(step, result).next
            step = await self._after(step, following)
            if step is None and result.answer is not None:
                settle_answer(self._exchange.attempts[-1])
                return result.answer
            await result.let_go()
            if step is not None:
                settle_next(self._exchange.attempts, step.what)
        raise error_at_the_end(
            self._ended,
            available_in=self._steps.walk.available_in(),
            has_stopped=following is Next.STOP,
        )

    async def _attempted(self, step: Step) -> Dispatched | Ended:
        """The attempt, with its target's state told of its beginning and end."""
        if self._hedging is not None:
            way = Way(
                beside=self._beside,
                failed=self._failed,
                cancelled=self._steps.shaping.cancelled,
                limit=self._limit,
            )
            return await self._hedging.attempted(self._asking, step, way)
        state, started = states.of(step.target.key), time.monotonic()
        slot = state.begin()
        try:
            result = await self._asking.attempt(step.target, step.key, self._limit())
            if isinstance(result, Ended):
                self._raise_if_of_client()
        except BaseException:  # the client has left, or a filter refuses: nobody's failure
            state.end(Signal.NOTHING)
            raise
        finally:
            if slot:
                state.breaker.give_back(slot)
        if isinstance(result, Dispatched):
            attempt, seconds = self._exchange.attempts[-1], time.monotonic() - started
            settle_success(result, step.key, state, self._exchange, seconds, attempt)
        return result

    async def _beside(self, step: Step) -> Step | None:
        return await self._steps.beside(step) if self._may_go_on() else None

    def _failed(self, step: Step, ended: Ended) -> None:
        """Settle a hedge: nothing may follow if it may have been billed."""
        following = self._settled(step, ended).next
        self._steps.shaping.failed(step, ended)
        self._steps.walk.close(step, following)
        self._is_over = following is Next.STOP

    def _raise_if_of_client(self) -> None:
        """A body that fails while it is sent looks like an upstream that broke off."""
        failure = self._client_failure() if self._client_failure is not None else None
        if failure is not None:
            self._exchange.attempts[-1].kind = Kind.STOPPED
            raise failure

    def _settled(self, step: Step, ended: Ended) -> Verdict:
        self._ended.append(ended)
        upstream = step.target.connection.upstream
        is_free = self._asking.shape is Shape.SOCKET
        rules = replace(self._policy, ambiguous=Ambiguous.ALWAYS) if is_free else self._policy
        found = verdict(ended.outcome, rules, is_unbilled=upstream.costs_nothing)
        settle_failure(step.target, step.key, ended.outcome, found)
        if ended.answer is None or found.next is not Next.STOP:  # or the client gets that answer
            self._steps.shaping.failed(step, ended)
        return found

    async def _after(self, step: Step, following: Next) -> Step | None:
        """The next step, once it is time for it; None if nothing more is tried."""
        if following is Next.STOP or not self._may_go_on():
            return None
        if following in {Next.CONTEXT_FALLBACK, Next.CONTENT_FALLBACK}:
            return await self._fallen_back(following)
        return await self._steps.after(step, following)

    def _may_go_on(self) -> bool:
        return (
            not self._is_over
            and len(self._exchange.attempts) < self._policy.max_attempts
            and time.monotonic() < self._ends_at
            and (self._may_repeat is None or self._may_repeat())
        )

    async def _fallen_back(self, following: Next) -> Step | None:
        """The first step to the model that the route falls back to, once for each request."""
        is_of_context = following is Next.CONTEXT_FALLBACK
        model = self._route.context_fallback if is_of_context else self._route.content_fallback
        fallback, self._fallback = self._fallback, None
        if not model or fallback is None:
            return None
        try:
            candidates = await fallback(model)
            cap = await extended(self._asking, model, candidates)
        except (ApiError, UnsendableError, LimitError):  # not the caller's: the first error stands
            return None
        self._asking.turn_to(candidates.call_for, output_cap=cap)
        step = await self._steps.fallen_back(Walk(candidates.targets, candidates.route))
        return None if step is None else Step(step.target, step.key, f"fallback {model}")

    def _limit(self) -> TimeLimit | None:
        left = self._ends_at - time.monotonic()
        return time_limit(self._policy, left=left, is_streamed=self._exchange.is_streamed)
