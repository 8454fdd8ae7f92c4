"""Numbers as upstreams tell them, so far as they can be true.

A count is a whole number from 0 to ``MOST``; a length in seconds is any number in the same range.
Anything else counts as not told: a figure beyond all reason would be stored, priced and added up
like every other. A sum of believable figures fits into 64 bits for nine billion requests.
"""

from __future__ import annotations

import logging
import time
from typing import Any

logger = logging.getLogger(__name__)

MOST = 10**9  # a thousand times the longest context there is
COMPLAIN_SECONDS = 60.0

_complained_at = float("-inf")


def told_count(value: Any) -> int | None:
    """``value`` if it is a count; None for everything else, and for impossible counts."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    if 0 <= value <= MOST:
        return int(value)
    _complain()
    return None


def told_seconds(value: Any) -> float | None:
    """``value`` if it is a length of time; None for everything else, NaN and infinity among it."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if 0 <= value <= MOST:
        return float(value)
    _complain()
    return None


def _complain() -> None:
    """Say so once in a while. The number itself may be megabytes long, and is not shown."""
    global _complained_at  # noqa: PLW0603 - one log, one clock
    now = time.monotonic()
    if now - _complained_at > COMPLAIN_SECONDS:
        _complained_at = now
        logger.warning("An upstream told a usage figure beyond 0 to %d, which is ignored.", MOST)
