"""The endpoints that an upstream turned out not to have."""

from __future__ import annotations

import time

REMEMBERED_SECONDS = 3600.0  # an upstream may be brought up to date


class LackingEndpoints:
    """What is known of one connection, in memory; gone when the connection changes."""

    def __init__(self) -> None:
        self._noted: dict[str, float] = {}  # when to ask again

    def note(self, endpoint: str) -> None:
        """The upstream said that it has no ``endpoint``."""
        self._noted[endpoint] = time.monotonic() + REMEMBERED_SECONDS

    def __contains__(self, endpoint: str) -> bool:
        until = self._noted.get(endpoint)
        return until is not None and time.monotonic() < until
