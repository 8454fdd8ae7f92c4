"""The prices that pages show, kept for a minute: they change by the week, and cost two queries."""

from __future__ import annotations

import time
from collections.abc import Callable

from usage.pricing import Pricing

KEPT_SECONDS = 60.0


class KeptPricing:
    """Two threads that look at once may both load: the later one counts."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: tuple[float, Pricing] | None = None

    def get(self) -> Pricing:
        """The prices as they were no more than a minute ago. Blocks on the database."""
        now, kept = self._clock(), self._kept
        if kept is not None and now - kept[0] < KEPT_SECONDS:
            return kept[1]
        pricing = Pricing.load(saves=False)
        self._kept = now, pricing
        return pricing

    def forget(self) -> None:
        self._kept = None


kept_pricing = KeptPricing()
