"""Lines of the log that clients could cause by the thousand: each is written once in a minute."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

REST_SECONDS = 60.0
MOST_LINES = 1000  # that are remembered; beyond, the one that was written first is forgotten


class SeldomLog:
    """Warnings in ``logger``. Its methods may be called on any thread."""

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._written_at: dict[str, float] = {}
        self._passed_over: dict[str, int] = {}
        self._lock = threading.Lock()

    def warn(self, line: str) -> None:
        """Log ``line``, unless it was logged just now: then it is counted, and told next time."""
        now = self._clock()
        with self._lock:
            if now - self._written_at.get(line, float("-inf")) < REST_SECONDS:
                self._passed_over[line] = self._passed_over.get(line, 0) + 1
                return
            self._written_at.pop(line, None)
            self._written_at[line] = now  # behind those that were written before
            more = self._passed_over.pop(line, 0)
            self._forget_the_oldest()
        self._logger.warning("%s%s", line, f" (and {more} times before)" if more else "")

    def _forget_the_oldest(self) -> None:
        if len(self._written_at) > MOST_LINES:
            oldest = next(iter(self._written_at))
            del self._written_at[oldest]
            self._passed_over.pop(oldest, None)
