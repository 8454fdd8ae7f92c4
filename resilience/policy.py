"""How far the gateway goes for one request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_ATTEMPTS = 8


class Ambiguous(StrEnum):
    """Whether a request is sent again after a failure that may have been billed."""

    NEVER = "never"
    UNBILLED = "unbilled"  # only where the failed connection costs nothing per request
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The limits of one request.

    ``max_attempts`` counts all of them, the first too. ``deadline_seconds`` is from acceptance to
    the first content, and ``first_content_timeout_seconds`` from the start of an attempt; None
    leaves it to the connection's timeout. ``patience_seconds`` is the longest wait for a target
    that says when to come back. ``retry_budget_percent`` is how many attempts beyond the first a
    connection gets for each hundred first ones. ``hedges`` asks a second target while the first is
    silent; ``hedge_after_seconds`` is how long that may be at least.
    """

    max_attempts: int = 3
    deadline_seconds: float = 60.0
    first_content_timeout_seconds: float | None = None
    patience_seconds: float = 5.0
    ambiguous: Ambiguous = Ambiguous.NEVER
    retry_budget_percent: int = 20
    hedges: bool = False
    hedge_after_seconds: float = 0.5


DEFAULT = Policy()
