"""Spans of time as people write them: ``30s``, ``90m``, ``12h``, ``7d``, ``4w``."""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
SPAN = re.compile(r"([0-9]{1,6})([smhdw])")
LONGEST = timedelta(days=36_500)  # added to a moment it still is a date


class TimeSpanError(ValueError):
    """The message is a sentence, and safe to show."""


def read_time_span(text: str) -> timedelta:
    """The span in ``text``, in either case. Raises :class:`TimeSpanError`."""
    found = SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise TimeSpanError(
            f"{text!r} is not a span of time: write a number with s, m, h, d or w, such as 24h."
        )
    span = timedelta(**{UNITS[found[2]]: int(found[1])})
    if span > LONGEST:
        raise TimeSpanError(f"{text!r} is more than a hundred years.")
    return span
