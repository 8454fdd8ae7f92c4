"""Times as pages and commands say them: relative, with the exact one and its zone beside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """``iso`` is for machines, ``exact`` in ``GATEWAY_TIME_ZONE`` with its name.

    ``seconds`` lie between it and the time of the page; they are negative for one that is ahead.
    """

    iso: str
    exact: str
    seconds: float

    @classmethod
    def of(cls, moment: datetime, *, now: datetime) -> Moment:
        local = moment.astimezone(timezone.get_default_timezone())
        milliseconds = local.microsecond // 1000
        return cls(
            iso=local.isoformat(),
            exact=f"{local:%Y-%m-%d %H:%M:%S}.{milliseconds:03} {local:%Z}",
            seconds=(now - moment).total_seconds(),
        )

    @property
    def ago(self) -> str:
        """``5 min ago``. A moment ahead is ``now``: clocks of two machines differ a little."""
        return "now" if self.seconds < 1 else f"{length(self.seconds)} ago"

    @property
    def relative(self) -> str:
        """``5 min ago``, ``now`` or ``in 12 days``."""
        return f"in {length(-self.seconds)}" if self.seconds <= -1 else self.ago


def age_of(then: datetime, *, now: datetime) -> str:
    """``just now``, ``5 min``, ``3 h`` or ``4 days``."""
    seconds = (now - then).total_seconds()
    return "just now" if seconds < MINUTE else length(seconds)


def length(seconds: float) -> str:
    """``5 s``, ``5 min``, ``3 h`` or ``4 days``, whole and rounded down."""
    whole = int(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < 2 * DAY:
        return f"{whole // HOUR} h"
    return f"{whole // DAY:,} days"


def span(milliseconds: int | None) -> str:
    """``310 ms``, ``1.2 s`` or ``4 min 5 s``."""
    if milliseconds is None:
        return "–"
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    if milliseconds < MINUTE * 1000:
        return f"{milliseconds / 1000:.1f} s"
    minutes, seconds = divmod(milliseconds // 1000, MINUTE)
    return f"{minutes:,} min {seconds} s"
