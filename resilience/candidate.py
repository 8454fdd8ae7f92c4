"""What the order of targets asks of one."""

from __future__ import annotations

from typing import Protocol

from resilience.route import TargetKey


class Candidate(Protocol):
    """A target that may serve a request. Lower tiers come first; weights count within a tier."""

    @property
    def key(self) -> TargetKey: ...

    @property
    def tier(self) -> int: ...

    @property
    def weight(self) -> int: ...
