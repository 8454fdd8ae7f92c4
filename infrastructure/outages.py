"""What the gateway has to do without for a while, told once at its beginning and once at its end.

A failure that every request meets would fill the log with one and the same line. So each cause has
an outage: the first failure opens and logs it, further ones are silent, and the first success
closes and logs it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cause:
    """``lost`` is a sentence without its full stop on what is amiss, ``back`` on its end."""

    lost: str
    back: str


class Outages:
    """Those of this process. Its methods may be called on any thread."""

    def __init__(self) -> None:
        self._begun_at: dict[Cause, float] = {}
        self._lock = Lock()

    def begin(self, cause: Cause, reason: BaseException | str = "") -> None:
        """Log ``cause`` with the first error behind ``reason``, unless it is known already."""
        with self._lock:
            if cause in self._begun_at:
                return
            self._begun_at[cause] = time.monotonic()
        said = _first_error(reason) if isinstance(reason, BaseException) else reason
        logger.warning("%s", f"{cause.lost}: {said}" if said else f"{cause.lost}.")

    def end(self, cause: Cause) -> None:
        """Log that ``cause`` is over, if it had begun. Costs next to nothing otherwise."""
        if cause not in self._begun_at:
            return
        with self._lock:
            begun_at = self._begun_at.pop(cause, None)
        if begun_at is not None:
            logger.warning("%s, after %.0f s.", cause.back, time.monotonic() - begun_at)

    def has(self, cause: Cause) -> bool:
        """Whether ``cause`` has begun and not ended."""
        return cause in self._begun_at

    @contextmanager
    def told(self, cause: Cause, *errors: type[BaseException]) -> Iterator[None]:
        """Begin ``cause`` where the block raises one of ``errors``, and end it where it passes."""
        try:
            yield
        except errors as exc:
            self.begin(cause, exc)
            raise
        self.end(cause)


outages = Outages()


def _first_error(error: BaseException) -> str:
    """What went wrong first, in one line: the errors above it say what that meant for others."""
    while (cause := error.__cause__) is not None and str(cause):
        error = cause
    return " ".join(str(error).split()) or type(error).__name__
