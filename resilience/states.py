"""What this worker knows of each target: whether it can be asked, how busy and how quick it is.

Requests tell of their begin and end; workers tell each other of openings, cooldowns and closings.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from resilience.breaker import Breaker
from resilience.route import TargetKey
from resilience.verdict import Signal
from resilience.weighted import Turns

HALF_LIFE_SECONDS = 10.0
LONGEST_DOUBLED_SECONDS = 60.0
SAMPLES_TO_KNOW = 3  # of a new target, and successes of one that is back
OPENED = "Requests failed."


class Change(StrEnum):
    """What became of a target."""

    OPENED = "opened"
    COOLED = "cooled"
    CLOSED = "closed"  # it can be asked again, before any end that was told


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """``ends_at`` is on the clock of the states, 0.0 for a closing."""

    key: TargetKey
    change: Change
    ends_at: float = 0.0
    reason: str = ""


class TargetState:
    """One target, as one worker knows it.

    ``last_failed_at`` is on the clock, 0.0 for never. A target whose breaker has just closed owes
    ``successes_owed``, and until then it gets one request at a time.
    """

    __slots__ = (
        "_clock",
        "_doublings",
        "_sampled_at",
        "_seconds",
        "_states",
        "_weight",
        "breaker",
        "cooling_until",
        "in_flight",
        "key",
        "last_failed_at",
        "reason",
        "samples",
        "successes_owed",
    )

    def __init__(self, key: TargetKey, states: States) -> None:
        self.key = key
        self._states = states
        self._clock = states.clock
        self.breaker = Breaker(states.clock, states.rng)
        self.cooling_until = 0.0
        self.reason = ""
        self.in_flight = 0
        self.last_failed_at = 0.0
        self._doublings = 0
        self.successes_owed = 0
        self._forget_samples()

    def begin(self) -> None:
        """A request goes to the target."""
        self.in_flight += 1

    def end(
        self,
        signal: Signal,
        seconds_to_first_content: float | None = None,
        is_connect_failure: bool = False,
    ) -> None:
        """The request is over. ``seconds_to_first_content`` is None if there was no content."""
        if self.in_flight:
            self.in_flight -= 1
        now = self._clock()
        if seconds_to_first_content is not None:
            self._sample(seconds_to_first_content, now)
        if signal is Signal.SUCCESS:
            self._doublings = 0
            if self.successes_owed:
                self.successes_owed -= 1
        elif signal is Signal.FAILURE:
            self.last_failed_at = now
        breaker = self.breaker
        if not breaker.note(signal, is_connect_failure=is_connect_failure, now=now):
            return
        if breaker.ends_at:
            self.reason = OPENED
            self._tell(Change.OPENED, breaker.ends_at)
        else:
            self._come_back()
            self._tell(Change.CLOSED, 0.0)

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
    def first_content_seconds(self) -> float | None:
        """The mean time to the first content, of which each half-life halves an old sample.

        None before the first sample. The mean of a target that is not asked shrinks by the
        same half-life, so that one that was slow is tried again.
        """
        if not self.samples:
            return None
        idle = self._clock() - self._sampled_at
        mean = self._seconds / self._weight
        return mean if self.in_flight else mean * 0.5 ** (idle / HALF_LIFE_SECONDS)

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
        self._forget_samples()
        self.successes_owed = SAMPLES_TO_KNOW

    def _stop_cooling(self) -> None:
        self.cooling_until = 0.0
        self._doublings = 0
        self.reason = ""

    def _forget_samples(self) -> None:
        self.samples = 0
        self._seconds = self._weight = self._sampled_at = 0.0

    def _sample(self, seconds: float, now: float) -> None:
        kept = 0.5 ** ((now - self._sampled_at) / HALF_LIFE_SECONDS) if self.samples else 0.0
        self._seconds = self._seconds * kept + seconds
        self._weight = self._weight * kept + 1.0
        self._sampled_at = now
        self.samples += 1

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
        """Forget the targets that no longer exist."""
        kept = frozenset(keys)
        self._of = {key: state for key, state in self._of.items() if key in kept}
        self.turns.reset()

    def reset(self) -> None:
        """Forget all targets, so that tests begin without what others left."""
        self._of.clear()
        self.turns.reset()


states = States()
