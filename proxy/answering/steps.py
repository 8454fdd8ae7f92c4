"""The steps of one request: those of its walk that have room, in time.

::

    walk ──► step ──► has room? ──► attempt
      ▲                  │ a limit of our own
      └── skipped ◄──────┘
      ▼ nothing is left
    wait, within the patience: for a provider's limit by the clock, for one of our own in a queue
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial

from limits.admission.gate import gate
from limits.admission.queue import Ticket
from limits.admission.upstreams import upstream_limits
from limits.admission.waiting import place_of
from limits.demand import NOTHING, Demand
from limits.refusals import LimitReachedError
from proxy.answering.attempting import Asking
from proxy.answering.shaping import Shaping, available_in, seconds_of
from proxy.answering.walk import AGAIN, Step, Walk
from resilience.backoff import backoff_seconds, jittered
from resilience.policy import Policy
from resilience.states import states
from resilience.verdict import Next

Pause = Callable[[float], Awaitable[None]]


class Steps:
    """``ends_at`` is a reading of ``time.monotonic``."""

    def __init__(
        self,
        walk: Walk,
        asking: Asking,
        demand: Callable[[], Demand],
        *,
        policy: Policy,
        ends_at: float,
        pause: Pause,
    ) -> None:
        self.walk = walk
        self.shaping = Shaping(asking, demand)
        self._exchange = asking.exchange
        self._ends_at = ends_at
        self._patience = policy.patience_seconds
        self._pause = pause

    async def first(self) -> Step | None:
        """The step to begin with, None if there is none."""
        found = self.walk.first() or await self._waited() or self.walk.last_resort()
        return await self._with_room(found)

    async def fallen_back(self, walk: Walk) -> Step | None:
        """The first step of another ``walk``, which takes the place of this one."""
        self.walk = walk
        return await self._with_room(walk.first())

    async def after(self, step: Step, following: Next) -> Step | None:
        """The step after a failed one, once it is time for it; None if there is none."""
        other = self.walk.after(step, following) or await self._waited()
        if other is not None and other.what == AGAIN:
            await self._rested(backoff_seconds(len(self._exchange.attempts), states.rng))
        return await self._with_room(other)

    async def beside(self, step: Step) -> Step | None:
        """A step to be taken while ``step`` has no answer."""
        other = self.walk.beside(step)
        return other if other is None or await self._has_room(other) else None

    async def _with_room(self, step: Step | None) -> Step | None:
        """``step``, or the next one that limits of our own have room for."""
        while step is not None and not await self._has_room(step):
            step = self.walk.after(step, Next.OTHER_KEY_OR_WAIT) or await self._waited()
        return step

    async def _has_room(self, step: Step, *, is_in_turn: bool = False) -> bool:
        refused = await self.shaping.take(step, is_in_turn=is_in_turn)
        if refused is not None:
            self.walk.skip(step, available_in(refused))
        return refused is None

    async def _waited(self) -> Step | None:
        """A step after a wait for a limit to end, where that is near enough."""
        refused = self.shaping.refused
        if refused is not None and seconds_of(refused) <= self._patience:
            return await self._queued(refused)
        while (seconds := self.walk.available_in()) is not None and seconds <= self._patience:
            seconds = jittered(seconds, states.rng)
            if time.monotonic() + seconds >= self._ends_at:
                return None
            self._patience -= seconds
            await self._rested(seconds)
            self.shaping.refused = None
            if step := self.walk.waited():
                return step
        return None

    async def _queued(self, refused: LimitReachedError) -> Step | None:
        """A step that has room after a wait in fair order, None if it takes too long."""
        began = time.monotonic()
        patience = min(self._patience, self._ends_at - began)
        ticket = Ticket(place_of(self._exchange, NOTHING), patience)
        with gate.waiting.noted(self._exchange, refused):
            try:
                return await upstream_limits.queue.wait(
                    ticket, refused, partial(self._any_with_room, refused)
                )
            except LimitReachedError:
                return None
            finally:
                self._patience -= time.monotonic() - began

    async def _any_with_room(self, refused: LimitReachedError) -> Step:
        """A step of all that there are. Raises ``LimitReachedError`` if none has room, which is
        ``refused`` where all rest."""
        self.shaping.refused = None
        step = self.walk.waited()
        while step is not None:
            if await self._has_room(step, is_in_turn=True):
                return step
            step = self.walk.after(step, Next.OTHER_KEY_OR_WAIT)
        raise self.shaping.refused or refused

    async def _rested(self, seconds: float) -> None:
        """Wait on behalf of the upstream, whose time it is."""
        await self._pause(seconds)
        self._exchange.upstream_seconds += seconds
