"""How long a request waits before it asks a target again.

https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 2.0
JITTER = 0.2


def backoff_seconds(attempt: int, rng: Callable[[], float] = random.random) -> float:
    """The seconds to wait after ``attempt``, which counts from 0: any time up to a doubling one."""
    most = min(FIRST_SECONDS * 2.0 ** min(attempt, 8), LONGEST_SECONDS)
    return most * rng()


def jittered(seconds: float, rng: Callable[[], float] = random.random) -> float:
    """``seconds`` and up to a fifth more, so that those who wait for one moment come one by one."""
    return seconds * (1.0 + JITTER * rng())
