"""Lines of the log that clients can bring about: each is written once in a while."""

from __future__ import annotations

import time

EVERY_SECONDS = 60.0
MOST_LINES = 1000  # that are remembered; beyond, the oldest is written again

_said: dict[str, float] = {}


def may_be_said(line: str) -> bool:
    """Whether ``line`` was not written within the last minute by this process."""
    now = time.monotonic()
    if now - _said.get(line, -EVERY_SECONDS) < EVERY_SECONDS:
        return False
    _said.pop(line, None)
    _said[line] = now
    if len(_said) > MOST_LINES:
        del _said[next(iter(_said))]
    return True
