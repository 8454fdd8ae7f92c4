"""Ports and waiting, for the servers that tests start."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

# How long a test waits for what must come. A machine that is slow or busy needs the room; a test
# that passes ends its wait at the event, however large the bound is.
PATIENCE_SECONDS = 60.0


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(
    is_true: Callable[[], bool], *, what: str, seconds: float = PATIENCE_SECONDS
) -> None:
    """Poll until ``is_true()``. Raises ``TimeoutError`` with ``what`` was waited for."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come about within {seconds:g} s")
        time.sleep(0.02)
