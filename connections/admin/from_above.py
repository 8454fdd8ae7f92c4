"""What rooms above this one know of connections, asked for by signals as deletions are.

A receiver gets all rows of a page at once, so that it asks the database once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.dispatch import Signal

from connections.health.state import ConnectionState, states_of
from connections.models import Connection

# Asks for `ConnectionFigures` by the names of connections, which come as `names`.
figures_asked = Signal()
# Asks for `states`, a list of `ConnectionState`, as requests have left them.
states_asked = Signal()


@dataclass(frozen=True, slots=True, kw_only=True)
class HourOfTraffic:
    """``label`` is the beginning of the hour, as ``14:00``."""

    label: str
    requests: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFigures:
    """The last 24 hours of one connection, the oldest hour first.

    ``requests_url`` and ``failed_url`` lead to the requests behind the figures.
    """

    hours: Sequence[HourOfTraffic] = field(default=())
    requests: int = 0
    failed: int = 0
    p95_ms: int | None = None
    requests_url: str = ""
    failed_url: str = ""


def figures_of(names: Sequence[str]) -> dict[str, ConnectionFigures]:
    """By the name of the connection; one that was not called is missing."""
    found: dict[str, ConnectionFigures] = {}
    for _, figures in figures_asked.send(sender=Connection, names=names):
        if isinstance(figures, dict):
            found |= figures
    return found


def states_now(rows: Iterable[Connection]) -> list[ConnectionState]:
    """The states of ``rows``, which come from ``with_health()``, in their order."""
    states = list(states_of(rows).values())
    for _, judged in states_asked.send(sender=Connection, states=states):
        if isinstance(judged, list):
            states = judged
    return states
