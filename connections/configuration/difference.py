"""What applying a piece of configuration changed, for people to read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The value is the sign a difference is printed with."""

    ADDED = "+"
    CHANGED = "~"
    REMOVED = "-"
    UNCHANGED = " "


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """``subject`` is the thing in words, such as ``connection openai``. Holds no secret."""

    subject: str
    kind: Kind
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        details = f": {'; '.join(self.details)}" if self.details else ""
        return f"{self.kind} {self.subject}{details}"


def summary(differences: Iterable[Difference]) -> str:
    """One line that counts."""
    kinds = [difference.kind for difference in differences]
    words = [(Kind.ADDED, "added"), (Kind.CHANGED, "changed"), (Kind.REMOVED, "removed")]
    counted = [f"{kinds.count(kind)} {word}" for kind, word in words if kind in kinds]
    unchanged = f"{kinds.count(Kind.UNCHANGED)} unchanged"
    return ", ".join([*counted, unchanged]) if counted else f"Nothing changed ({unchanged})."
