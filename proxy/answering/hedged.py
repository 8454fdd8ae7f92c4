"""Two attempts at once: a second target is asked while the first is silent.

The first with content wins. The other one is cancelled, which is nobody's failure::

    first ─── silence ──┬───────────── content ──► the answer
                        │                 │
                        └── second ───────┴─────► cancelled, its response closed

Both may be billed. Only requests are hedged that set nothing in motion: chats, completions,
messages and embeddings that :mod:`proxy.answering.harmless` knows as such, and that no filters of a
pipelines server see.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from connections.calling.client import UpstreamResponse
from proxy.answering.attempting import Asking
from proxy.answering.dispatched import Dispatched
from proxy.answering.ended import Ended
from proxy.answering.harmless import is_harmless
from proxy.answering.settling import settle_success
from proxy.answering.shapes import Shape
from proxy.answering.time_limit import TimeLimit
from proxy.answering.walk import Step
from resilience.hedging import Hedge, hedges
from resilience.outcomes import Kind
from resilience.policy import Policy
from resilience.states import TargetState, states
from resilience.verdict import Signal
from usage.exchange import Exchange
from wire_formats.endpoints import CHAT_COMPLETIONS

ENDPOINTS = frozenset({CHAT_COMPLETIONS, "completions", "messages", "embeddings"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What a hedge needs of the request.

    ``beside`` gives the step to take beside another one, None if there is none. ``failed`` settles
    an attempt that ended while the other went on, and ``cancelled`` one that was ended for it.
    ``limit`` is how long an attempt may take.
    """

    beside: Callable[[Step], Awaitable[Step | None]]
    failed: Callable[[Step, Ended], None]
    cancelled: Callable[[Step], None]
    limit: Callable[[], TimeLimit | None]


def hedging_of(asking: Asking, policy: Policy) -> Hedging | None:
    """The hedging of a request, None where its kind or its size forbids any."""
    exchange = asking.exchange
    if asking.shape is not Shape.ANSWER or exchange.endpoint not in ENDPOINTS:
        return None
    hedge = hedges.of(exchange.model)
    after_seconds = hedge.after_seconds(policy, exchange.bytes_received)
    return None if after_seconds is None else Hedging(exchange, hedge, after_seconds)


class Hedging:
    """One request, which has at most one hedge."""

    def __init__(self, exchange: Exchange, hedge: Hedge, after_seconds: float) -> None:
        self._exchange = exchange
        self._hedge = hedge
        self._after_seconds = after_seconds
        self._has_hedged = False

    async def attempted(self, asking: Asking, step: Step, way: Way) -> Dispatched | Ended:
        """The answer of ``step``, or of the step beside it; else how ``step`` ended."""
        exchange = self._exchange
        if not exchange.attempts:
            self._hedge.note_first()
        upstream_seconds = exchange.upstream_seconds
        runners = [_Runner.of(asking, step, way.limit())]
        try:
            await asyncio.wait([runners[0].task], timeout=self._after_seconds)
            if not runners[0].task.done() and (beside := await self._beside(asking, step, way)):
                runners.append(beside)
            winner = await _first_with_content(runners)
            if winner is not None:
                self._settle(winner, time.monotonic() - runners[0].started)
            await self._end_others(runners, winner, way)
        except BaseException:  # the client has left: nobody's failure
            for runner in runners:
                runner.cancel()
            for runner in runners:
                await runner.ended()
            raise
        finally:
            for runner in runners[1:]:
                exchange.attempts += runner.asking.exchange.attempts
        if winner is None:
            _count_wait(exchange, runners, upstream_seconds)
            return runners[0].result()
        if winner is not runners[0]:
            waited = winner.started - runners[0].started
            _take_over(exchange, winner.asking.exchange, upstream_seconds + waited)
        return winner.result()

    async def _beside(self, asking: Asking, step: Step, way: Way) -> _Runner | None:
        """The attempt at another target, begun; None where there is none, or may be none."""
        if self._has_hedged or not _may_be_repeated(asking) or not self._hedge.spend():
            return None
        other = await way.beside(step)
        if other is None:
            self._hedge.give_back()
            return None
        self._has_hedged = True
        self._exchange.attempts[-1].why = f"silence → {other.what}"
        own = replace(self._exchange, attempts=[], upstream_seconds=0.0, upstream_answer=None)
        return _Runner.of(asking.beside(own), other, way.limit())

    def _settle(self, winner: _Runner, seconds: float) -> None:
        self._hedge.note_content(seconds)
        winner.is_settled = True
        result = winner.result()
        if isinstance(result, Dispatched):
            settle_success(
                result,
                winner.step.key,
                winner.state,
                self._exchange,
                time.monotonic() - winner.started,
                winner.asking.exchange.attempts[-1],
            )

    async def _end_others(
        self, runners: Sequence[_Runner], winner: _Runner | None, way: Way
    ) -> None:
        for runner in runners:
            if runner is winner:
                continue
            if not runner.task.done() or isinstance(result := runner.result(), Dispatched):
                runner.cancel()
                await runner.ended()
                way.cancelled(runner.step)
                continue
            runner.is_settled = True
            if winner is not None or runner is not runners[0]:
                way.failed(runner.step, result)
                await result.let_go()


@dataclass(slots=True, kw_only=True, eq=False)
class _Runner:
    """One of the attempts.

    ``earlier`` attempts were there before. ``is_settled``: its target's state knows how it ended,
    or will. ``is_cancelled``: its response is nobody's.
    """

    asking: Asking
    step: Step
    state: TargetState
    started: float
    task: asyncio.Task[Dispatched | Ended]
    earlier: int
    is_settled: bool = False
    is_cancelled: bool = False

    @classmethod
    def of(cls, asking: Asking, step: Step, limit: TimeLimit | None) -> _Runner:
        state = states.of(step.target.key)
        slot = state.begin()
        task = asyncio.create_task(asking.attempt(step.target, step.key, limit))
        if slot:
            task.add_done_callback(lambda _: state.breaker.give_back(slot))
        return cls(
            asking=asking,
            step=step,
            state=state,
            started=time.monotonic(),
            task=task,
            earlier=len(asking.exchange.attempts),
        )

    def result(self) -> Dispatched | Ended:
        return self.task.result()

    def cancel(self) -> None:
        """End what is not settled, which is nobody's failure; :meth:`ended` follows."""
        if not self.is_settled:
            self.is_settled = self.is_cancelled = True
            self.state.end(Signal.NOTHING)
            self.task.cancel()

    async def ended(self) -> None:
        """Wait for the end of what was cancelled, and close the response in any case."""
        await asyncio.wait([self.task])
        if not self.task.cancelled():
            self.task.exception()  # or it would be logged as one that nobody saw
        if self.is_cancelled:
            for attempt in self.asking.exchange.attempts[self.earlier :]:
                attempt.kind = Kind.STOPPED
        response = self.asking.exchange.upstream_answer
        if isinstance(response, UpstreamResponse):
            await response.aclose()


async def _first_with_content(runners: Sequence[_Runner]) -> _Runner | None:
    """The first to have an answer; None once all have ended without one."""
    left = {runner.task for runner in runners}
    while left:
        _, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
        for runner in runners:
            if runner.task.done() and isinstance(runner.result(), Dispatched):
                return runner
    return None


def _may_be_repeated(asking: Asking) -> bool:
    """Whether the call that was made may be made a second time."""
    call = asking.call
    return call is not None and call.upload is None and is_harmless(call.body)


def _count_wait(exchange: Exchange, runners: Sequence[_Runner], before: float) -> None:
    """Count the time until both have failed: the first may have ended long before the other."""
    if len(runners) > 1:
        seconds = before + time.monotonic() - runners[0].started
        exchange.upstream_seconds = max(exchange.upstream_seconds, seconds)


def _take_over(exchange: Exchange, own: Exchange, upstream_seconds: float) -> None:
    """Have ``exchange`` tell of the attempt that won, which was noted in its ``own``."""
    exchange.connection = own.connection
    exchange.upstream_model = own.upstream_model
    exchange.upstream_request_id = own.upstream_request_id
    exchange.upstream_answer = own.upstream_answer
    exchange.upstream_seconds = upstream_seconds + own.upstream_seconds
