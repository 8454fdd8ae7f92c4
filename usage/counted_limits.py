"""The limits that a record counted towards, in words. The room of limits says them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedLimit:
    """``label`` is the limit's, or its number where it is gone; ``url`` may be empty."""

    label: str
    url: str = ""


Namer = Callable[[Iterable[str]], list[CountedLimit]]


class CountedLimits:
    """Names marks of periods once something is registered that can; before, by nothing."""

    def __init__(self) -> None:
        self._namer: Namer = _unnamed

    def register(self, namer: Namer) -> None:
        self._namer = namer

    def of(self, marks: Iterable[str]) -> list[CountedLimit]:
        return self._namer(marks)


def _unnamed(marks: Iterable[str]) -> list[CountedLimit]:
    return [CountedLimit(label=mark) for mark in marks]


counted_limits = CountedLimits()
