"""How long requests took, as counters between bounds that are declared here alone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

# In milliseconds. A counter is of what took at most its bound; the last one is of all that is
# longer. Stored totals have these bounds: to change one is to change what they say.
BOUNDS_MS = (50, 100, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000)
COUNTERS = len(BOUNDS_MS) + 1
LATENCY_COUNTERS = tuple(f"latency_{n}" for n in range(COUNTERS))
FIRST_BYTE_COUNTERS = tuple(f"first_byte_{n}" for n in range(COUNTERS))


def histogram_of(durations_ms: Sequence[int]) -> list[int]:
    """The counters of ``durations_ms``."""
    counters = [0] * COUNTERS
    for duration in durations_ms:
        counters[bisect_left(BOUNDS_MS, duration)] += 1
    return counters


def percentile(counters: Sequence[int], percent: int) -> int | None:
    """About how many milliseconds ``percent`` of the requests took at most; None without any.

    As if those of a counter lay evenly between its bounds. What is beyond the last bound counts as
    twice that bound at most.
    """
    total = sum(counters)
    if not total:
        return None
    rank = (total * percent - 1) // 100 + 1
    below = 0
    for number, count in enumerate(counters):
        if below + count >= rank:
            low = BOUNDS_MS[number - 1] if number else 0
            high = BOUNDS_MS[number] if number < len(BOUNDS_MS) else 2 * low
            return round(low + (high - low) * (rank - below) / count)
        below += count
    return 2 * BOUNDS_MS[-1]
