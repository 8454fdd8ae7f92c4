"""When an upstream says to come back: read, and bounded, since it may say anything."""

from __future__ import annotations

import math
import re
import time

from django.utils.http import parse_http_date_safe

LONGEST_SECONDS = 24 * 3600
LONGEST_TEXT = 64
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def retry_after_seconds(value: str, *, now: float | None = None) -> int | None:
    """The whole seconds that a ``Retry-After`` asks for, as a number or as a date, a day at most.

    None where it is neither. ``now`` is seconds since the epoch.
    """
    if (seconds := _number(value)) is not None:
        return min(math.ceil(seconds), LONGEST_SECONDS)
    if len(value) > LONGEST_TEXT or not value.isascii():
        return None
    then = parse_http_date_safe(value)
    if then is None:
        return None
    left = math.ceil(then - (time.time() if now is None else now))
    return min(max(left, 0), LONGEST_SECONDS)


def retry_after_milliseconds(value: str) -> int | None:
    """The whole milliseconds that a ``retry-after-ms`` asks for, a day's at most; None if none."""
    milliseconds = _number(value)
    return None if milliseconds is None else min(math.ceil(milliseconds), LONGEST_SECONDS * 1000)


def _number(value: str) -> float | None:
    """A number that is not negative, and not more than a day's milliseconds."""
    text = value.strip()
    if len(text) > LONGEST_TEXT or not NUMBER.fullmatch(text):
        return None
    return min(float(text), float(LONGEST_SECONDS * 1000))
