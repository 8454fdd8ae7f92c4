"""What models cost, in words. The room of usage knows it, which is above this one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it is slow to import, and commands start with this module
    from models_registry.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPrice:
    """``usual`` is the price of a usual request in US dollars, to compare with others.

    ``in_words`` is such as "$15 per million output tokens".
    """

    usual: float
    in_words: str


# A price for each target, in their order; None where none is known. Blocks on the database.
Finder = Callable[["Sequence[Target]"], "list[KnownPrice | None]"]


class KnownPrices:
    """Knows prices once something is registered that does; before, none."""

    def __init__(self) -> None:
        self._finder: Finder = _unknown

    def register(self, finder: Finder) -> None:
        self._finder = finder

    def of(self, targets: Sequence[Target]) -> list[KnownPrice | None]:
        return self._finder(targets) if targets else []

    def dearest(self, targets: Sequence[Target]) -> tuple[Target, KnownPrice] | None:
        """The target whose usual request costs most; None where no price is known."""
        priced = [
            (target, price)
            for target, price in zip(targets, self.of(targets), strict=True)
            if price is not None
        ]
        return max(priced, key=lambda each: each[1].usual, default=None)


def _unknown(targets: Sequence[Target]) -> list[KnownPrice | None]:
    return [None for _ in targets]


known_prices = KnownPrices()
