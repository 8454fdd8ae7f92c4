"""The outcome table: what follows an attempt. One pure function for every path to an upstream."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto

from resilience.outcomes import Kind, Outcome
from resilience.policy import Ambiguous, Policy

QUOTA_SECONDS = 15 * 60.0
RATE_LIMIT_SECONDS = 5.0
OVERLOAD_SECONDS = 2.0
MODEL_UNKNOWN_SECONDS = 60.0


class Next(Enum):
    """What is tried after an attempt, from the first that is possible."""

    STOP = auto()
    OTHER_TARGET = auto()  # the only target of a route: nothing
    OTHER_TARGET_OR_AGAIN = auto()  # the only one: once more after backoff
    OTHER_KEY = auto()  # of the same connection, at once; then another target
    OTHER_KEY_OR_WAIT = auto()  # then another target; then wait where patience allows
    CONTEXT_FALLBACK = auto()
    CONTENT_FALLBACK = auto()


class Scope(StrEnum):
    """What steps back."""

    KEY = "key"  # the key, for every model
    KEY_AND_MODEL = "key_and_model"
    TARGET = "target"


class Signal(Enum):
    """What a breaker is told."""

    SUCCESS = auto()
    FAILURE = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cooldown:
    """``seconds`` None: the key is dead until its row changes, and tried again after 15 minutes.

    ``doubles``: the upstream did not say how long, so each further time lasts longer.
    """

    scope: Scope
    seconds: float | None
    doubles: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    next: Next
    cooldown: Cooldown | None = None
    signal: Signal = Signal.NOTHING


STOP = Verdict(next=Next.STOP)
STOP_AND_COUNT = Verdict(next=Next.STOP, signal=Signal.FAILURE)
FIXED = {
    Kind.NOT_SENT: Verdict(next=Next.OTHER_TARGET_OR_AGAIN, signal=Signal.FAILURE),
    Kind.CANNOT_BE_ASKED: Verdict(next=Next.OTHER_TARGET),
    Kind.LED_BACK: Verdict(next=Next.OTHER_TARGET),
    Kind.KEY_REFUSED: Verdict(
        next=Next.OTHER_KEY, cooldown=Cooldown(scope=Scope.KEY, seconds=None)
    ),
    Kind.OUT_OF_QUOTA: Verdict(
        next=Next.OTHER_KEY, cooldown=Cooldown(scope=Scope.KEY, seconds=QUOTA_SECONDS)
    ),
    Kind.REFUSED: STOP,
    Kind.TOO_LONG: Verdict(next=Next.CONTEXT_FALLBACK),
    Kind.FILTERED: Verdict(next=Next.CONTENT_FALLBACK),
    Kind.MODEL_UNKNOWN: Verdict(
        next=Next.OTHER_TARGET,
        cooldown=Cooldown(scope=Scope.TARGET, seconds=MODEL_UNKNOWN_SECONDS),
    ),
    Kind.BROKEN: STOP_AND_COUNT,
    Kind.STOPPED: STOP,
    Kind.SUCCESS: Verdict(next=Next.STOP, signal=Signal.SUCCESS),
}
ON_TO_ANOTHER = Verdict(next=Next.OTHER_TARGET, signal=Signal.FAILURE)


def verdict(outcome: Outcome, policy: Policy, *, is_unbilled: bool = False) -> Verdict:
    """What follows an attempt that ended with ``outcome``, before any content has passed.

    ``is_unbilled``: the connection that was asked costs nothing per request, so that an attempt
    which may have been processed may be followed by another one.
    """
    match outcome.kind:
        case Kind.RATE_LIMITED if not outcome.is_of_target:
            return Verdict(next=Next.OTHER_TARGET)
        case Kind.RATE_LIMITED:
            cooldown = _asked_for(outcome, Scope.KEY_AND_MODEL, RATE_LIMIT_SECONDS, doubles=True)
            return Verdict(next=Next.OTHER_KEY_OR_WAIT, cooldown=cooldown)
        case Kind.OVERLOADED:
            cooldown = _asked_for(outcome, Scope.TARGET, OVERLOAD_SECONDS)
            return Verdict(
                next=Next.OTHER_TARGET_OR_AGAIN, cooldown=cooldown, signal=Signal.FAILURE
            )
        case Kind.FAILED:
            found = ON_TO_ANOTHER if _may_bill_twice(policy, is_unbilled) else STOP_AND_COUNT
            return found if outcome.is_of_target else replace(found, signal=Signal.NOTHING)
        case kind:
            return FIXED[kind]


def _asked_for(outcome: Outcome, scope: Scope, usual: float, *, doubles: bool = False) -> Cooldown:
    """The cooldown that the upstream asked for, or the ``usual`` one where it did not say."""
    if outcome.retry_after is not None:
        return Cooldown(scope=scope, seconds=outcome.retry_after)
    return Cooldown(scope=scope, seconds=usual, doubles=doubles)


def _may_bill_twice(policy: Policy, is_unbilled: bool) -> bool:
    if policy.ambiguous is Ambiguous.UNBILLED:
        return is_unbilled
    return policy.ambiguous is Ambiguous.ALWAYS
