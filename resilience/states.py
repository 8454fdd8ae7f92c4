"""What this worker knows of each target: whether it can be asked, how busy and how quick it is.

Requests tell of their begin and end; workers tell each other of openings, cooldowns and closings.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection

from connections.auth.key_pool import LONGEST_DOUBLED_SECONDS
from resilience.breaker import Breaker
from resilience.first_content import FirstContent
from resilience.route import TargetKey
from resilience.state_changes import Change, StateChange
from resilience.verdict import Signal
from resilience.weighted import Turns

SAMPLES_TO_KNOW = 3  # of a new target, and successes of one that is back
OPENED = "Requests failed."


class TargetState:
    """One target, as one worker knows it.

    ``last_failed_at`` is on the clock, 0.0 for never. A target whose breaker has just closed owes
    ``successes_owed``, and until then it gets one request at a time. ``begin`` is followed by
    ``end``, or for a stream by ``content`` and ``leave``: its end is the client's affair, and may
    come minutes after the target failed others.
    """

    __slots__ = (
        "_clock",
        "_doublings",
        "_first_content",
        "_states",
        "breaker",
        "cooling_until",
        "in_flight",
        "key",
        "last_failed_at",
        "reason",
        "successes_owed",
        "without_content",
    )

    def __init__(self, key: TargetKey, states: States) -> None:
        self.key = key
        self._states = states
        self._clock = states.clock
        self.breaker = Breaker(states.clock, states.rng)
        self.cooling_until = 0.0
        self.reason = ""
        self.in_flight = 0
        self.without_content = 0  # of those in flight
        self.last_failed_at = 0.0
        self._doublings = 0
        self.successes_owed = 0
        self._first_content = FirstContent()

    def begin(self) -> int:
        """A request goes to the target. The slot of a half-open breaker that it has, or 0."""
        self.in_flight += 1
        self.without_content += 1
        return self.breaker.claim_slot() if self.breaker.has_slot_to_claim else 0

    def content(self, seconds: float) -> None:
        """The first content of a stream has come ``seconds`` after its begin."""
        self.without_content = max(self.without_content - 1, 0)
        self._note(Signal.SUCCESS, seconds)

    def leave(self, *, is_failure: bool) -> None:
        """A stream is over whose content has begun. ``is_failure``: the upstream broke it off."""
        self.in_flight = max(self.in_flight - 1, 0)
        if is_failure:
            self._note(Signal.FAILURE)

    def end(
        self,
        signal: Signal,
        seconds_to_first_content: float | None = None,
        is_connect_failure: bool = False,
    ) -> None:
        """The request is over. ``seconds_to_first_content`` is None if there was no content."""
        self.in_flight = max(self.in_flight - 1, 0)
        self.without_content = max(self.without_content - 1, 0)
        self._note(signal, seconds_to_first_content, is_connect_failure=is_connect_failure)

    @property
    def is_returning(self) -> bool:
        """Whether it is back since a moment, and a request is finding out how well."""
        return self.successes_owed > 0 and self.without_content > 0

    def _note(
        self, signal: Signal, seconds: float | None = None, *, is_connect_failure: bool = False
    ) -> None:
        now = self._clock()
        if seconds is not None:
            self._first_content.note(seconds, now)
        if signal is Signal.SUCCESS:
            self._doublings = 0
            if self.successes_owed:
                self.successes_owed -= 1
        elif signal is Signal.FAILURE:
            self.last_failed_at = now
        breaker = self.breaker
        if breaker.note(signal, is_connect_failure=is_connect_failure, now=now):
            if breaker.ends_at:
                self.reason = OPENED
            else:
                self._come_back()
            self._tell(Change.OPENED if breaker.ends_at else Change.CLOSED, breaker.ends_at)

    def cool(self, seconds: float, reason: str, *, doubles: bool = False) -> float:
        """Keep requests away for ``seconds``, or longer if it cools already. The seconds from now.

        ``doubles``: each time without a success in between lasts twice as long, up to 60 s.
        """
        now = self._clock()
        self.last_failed_at = now
        if doubles:
            if now < self.cooling_until:  # one of several requests that were refused at once
                return self.cooling_until - now
            seconds = min(seconds * 2.0**self._doublings, LONGEST_DOUBLED_SECONDS)
            self._doublings = min(self._doublings + 1, 10)
        if now + seconds > self.cooling_until:
            self.cooling_until = now + seconds
            self.reason = reason
            self._tell(Change.COOLED, self.cooling_until)
        return self.cooling_until - now

    @property
    def available_at(self) -> float:
        """When the target can be asked again, on the clock; 0.0 if it can be asked now."""
        at = max(self.cooling_until, self.breaker.ends_at)
        return at if at > 0.0 and at > self._clock() else 0.0

    @property
    def samples(self) -> int:
        """How many times to the first content are known."""
        return self._first_content.samples

    @property
    def first_content_seconds(self) -> float | None:
        """The mean time to the first content, None before the first sample."""
        return self._first_content.mean(self._clock(), is_busy=self.in_flight > 0)

    def revive(self) -> None:
        """Have the target asked again at once, as an administrator or another worker says."""
        self._revive()
        self._tell(Change.CLOSED, 0.0)

    def hear(self, change: StateChange) -> None:
        """Know what another worker found out, whose end is on this worker's clock already."""
        match change.change:
            case Change.OPENED:
                self.breaker.restore(change.ends_at)
                self.reason = change.reason
            case Change.COOLED:
                if change.ends_at > self.cooling_until:
                    self.cooling_until = change.ends_at
                    self.reason = change.reason
            case Change.CLOSED:
                self._revive()

    def _revive(self) -> None:
        if self.breaker.is_closed:
            self._stop_cooling()
        else:
            self.breaker.close()
            self._come_back()

    def _come_back(self) -> None:
        self._stop_cooling()
        self._first_content.forget()
        self.successes_owed = SAMPLES_TO_KNOW

    def _stop_cooling(self) -> None:
        self.cooling_until = 0.0
        self._doublings = 0
        self.reason = ""

    def _tell(self, change: Change, ends_at: float) -> None:
        if self._states.on_change is not None:
            self._states.on_change(
                StateChange(key=self.key, change=change, ends_at=ends_at, reason=self.reason)
            )


class States:
    """The targets that have been asked. ``on_change`` is told what other workers should know."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self.clock = clock
        self.rng = rng
        self.on_change: Callable[[StateChange], None] | None = None
        self.turns = Turns()
        self._of: dict[TargetKey, TargetState] = {}

    def of(self, key: TargetKey) -> TargetState:
        """The state of the target, as good as new where nothing is known."""
        state = self._of.get(key)
        if state is None:
            state = self._of[key] = TargetState(key, self)
        return state

    def hear(self, change: StateChange) -> None:
        """Know what another worker found out; ``on_change`` is not told."""
        self.of(change.key).hear(change)

    def known(self) -> list[TargetState]:
        """All states there are, for those who show them."""
        return list(self._of.values())

    def forget_except(self, keys: Collection[TargetKey]) -> None:
        """Forget the targets that no longer exist, unless one is busy or rests: it may be back
        before that is over."""
        kept = frozenset(keys)
        self._of = {
            key: state
            for key, state in self._of.items()
            if key in kept or state.in_flight or state.available_at
        }
        self.turns.forget_except(kept)

    def reset(self) -> None:
        """Forget all targets, so that tests begin without what others left."""
        self._of.clear()
        self.turns.reset()


states = States()
