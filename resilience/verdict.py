"""The outcome table: what follows an attempt. One pure function for every path to an upstream."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


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
