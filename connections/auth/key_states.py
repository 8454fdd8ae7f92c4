"""What is known of a connection's keys, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from connections.upstream import UpstreamKey


class KeyState(StrEnum):
    OK = "ok"
    COOLING = "cooling"  # the upstream said to come back later, or its account is out of money
    DEAD = "dead"  # the upstream does not take the key


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """A new state of ``key`` for ``model``; None is every model.

    ``seconds`` are left until the key is used again, 0 where it is ok.
    """

    key: UpstreamKey
    model: str | None
    state: KeyState
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReport:
    """One state of a key, for an admin; ``model`` and ``seconds`` as in :class:`KeyChange`."""

    id: str
    hint: str
    state: KeyState
    model: str | None = None
    seconds: float = 0.0
    reason: str = ""
