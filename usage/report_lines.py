"""The lines of a report, and the groupings that there are."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any


class By(StrEnum):
    """The grouping of a report: one line for each."""

    USER = "user"
    MODEL = "model"
    CONNECTION = "connection"
    KEY = "key"
    GROUP = "group"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


OF_TIME = frozenset({By.HOUR, By.DAY, By.MONTH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The sums of one group. ``cost`` is in US dollars, without the ``unpriced`` requests.

    ``estimated`` requests have the list's price for another host or service tier. ``user_id`` is
    of the user that a line stands for, if it stands for one. ``failures`` are those that failed
    while their client waited; reports do not tell them, and they are zero unless asked for.
    """

    group: str
    user_id: int | None = None
    requests: int = 0
    failed: int = 0
    failures: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    audio_prompt_tokens: int = 0
    audio_completion_tokens: int = 0
    audio_seconds: float = 0.0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    estimated: int = 0

    def __add__(self, other: Line) -> Line:
        sums = {name: getattr(self, name) + getattr(other, name) for name in ADDED}
        return replace(self, **sums)

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.prompt_tokens + self.completion_tokens

    @property
    def is_cost_unknown(self) -> bool:
        """Whether no request that should have a price has one: that is not zero."""
        return bool(self.unpriced and not self.cost)

    def as_json(self) -> dict[str, Any]:
        """``cost`` becomes a text, which no reader rounds, or None where it is unknown."""
        values = {name: getattr(self, name) for name in SUMS}
        cost = None if self.is_cost_unknown else f"{self.cost.normalize():f}"
        return {"group": self.group, **values, "cost": cost}


ADDED = tuple(field.name for field in fields(Line) if field.name not in {"group", "user_id"})
SUMS = tuple(name for name in ADDED if name != "failures")
