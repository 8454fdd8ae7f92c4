"""What workers tell each other of a target, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from resilience.route import TargetKey


class Change(StrEnum):
    """What became of a target."""

    OPENED = "opened"
    COOLED = "cooled"
    CLOSED = "closed"  # it can be asked again, before any end that was told


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """``ends_at`` is on the clock of the states, 0.0 for a closing."""

    key: TargetKey
    change: Change
    ends_at: float = 0.0
    reason: str = ""
