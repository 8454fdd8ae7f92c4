"""Findings: the state of one part of an installation, as a value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"  # it serves, but something wants a look
    BROKEN = "broken"  # it does not serve, or not as it should


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``part`` in a word or two, ``said`` and ``remedy`` in a line each, without secrets."""

    part: str
    said: str
    state: State = State.OK
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "state": self.state.value,
            "said": self.said,
            "remedy": self.remedy or None,
        }


def worst(findings: Iterable[Finding]) -> State:
    """The state of the whole."""
    states = {finding.state for finding in findings}
    return next((each for each in (State.BROKEN, State.DEGRADED) if each in states), State.OK)


def one_line(text: object) -> str:
    """The first line of what a library says, without a full stop."""
    lines = str(text).strip().splitlines()
    return (lines[0] if lines else type(text).__name__).strip().rstrip(".")
