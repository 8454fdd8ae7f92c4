"""Times as the pages say them: relative, with the exact one and its zone beside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """``iso`` is for machines, ``exact`` in ``GATEWAY_TIME_ZONE`` with its name, ``ago`` short."""

    iso: str
    exact: str
    ago: str

    @classmethod
    def of(cls, moment: datetime, *, now: datetime) -> Moment:
        local = moment.astimezone(timezone.get_default_timezone())
        milliseconds = local.microsecond // 1000
        return cls(
            iso=local.isoformat(),
            exact=f"{local:%Y-%m-%d %H:%M:%S}.{milliseconds:03} {local:%Z}",
            ago=_ago(int((now - moment).total_seconds())),
        )


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


def _ago(seconds: int) -> str:
    if seconds < 1:
        return "now"
    if seconds < MINUTE:
        return f"{seconds} s ago"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min ago"
    if seconds < 2 * DAY:
        return f"{seconds // HOUR} h ago"
    return f"{seconds // DAY:,} days ago"
