"""A request that a limit refuses."""

from __future__ import annotations

from limits.meters.interface import Reading
from limits.rule import Rule


class LimitError(Exception):
    """``rule`` is the limit, ``reading`` what was used of it; both are the caller's own.

    ``is_shared``: others use the share, too, so that the caller is told no number of it.
    """

    def __init__(self, rule: Rule, reading: Reading | None = None) -> None:
        super().__init__(rule.label)
        self.rule = rule
        self.reading = reading
        self.is_shared = not rule.is_own


class LimitReachedError(LimitError):
    """It would fit later, after ``retry_seconds``; None where nobody can say.

    ``is_local``: other workers may have room, each for a part of the limit.
    """

    def __init__(
        self,
        rule: Rule,
        reading: Reading,
        retry_seconds: float | None,
        *,
        is_claimed: bool = False,
    ) -> None:
        """``is_claimed``: what is left may be used by requests that run, and may be left over."""
        super().__init__(rule, reading)
        self.retry_seconds = retry_seconds
        self.is_claimed = is_claimed
        self.is_local = False


class NeverFitsError(LimitError):
    """The request alone asks for more than the whole limit."""


class UnpricedModelError(LimitError):
    """The limit is of money, and nobody knows what the model costs."""


class LimitsUnavailableError(LimitError):
    """What was used is not known now, and the limit is closed then."""


class UntoldUseError(LimitError):
    """The limit counts what nobody will tell of the request."""
