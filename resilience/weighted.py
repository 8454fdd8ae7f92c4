"""Smooth weighted round robin: in turn, by weight, without bursts of one target.

Each turn adds its weight to every target's credit, and the target with the most pays for the turn
with the sum of all weights. https://github.com/nginx/nginx/commit/52327e0627f49dbda1e8db695e63a4b0af4448b1
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from resilience.route import Candidate, TargetKey

C = TypeVar("C", bound=Candidate)


class Turns:
    """Whose turn it is within each tier of each route."""

    def __init__(self) -> None:
        self._credits: dict[tuple[str, int], dict[TargetKey, int]] = {}

    def in_turn(self, model: str, candidates: Sequence[C]) -> list[C]:
        """The ``candidates``, all of one tier of the route ``model``, and all but empty.

        The first has the turn; the others follow by how near theirs is. Targets of weight 0 get
        none and come last.
        """
        tier = (model, candidates[0].tier)
        credit = self._credits.setdefault(tier, {})
        total = 0
        for each in candidates:
            total += each.weight
            credit[each.key] = credit.get(each.key, 0) + each.weight
        found = sorted(candidates, key=lambda each: (not each.weight, -credit[each.key]))
        credit[found[0].key] -= total
        return found

    def forget_except(self, keys: Collection[TargetKey]) -> None:
        """Forget the credits of all targets but these."""
        self._credits = {
            tier: left
            for tier, credit in self._credits.items()
            if (left := {key: each for key, each in credit.items() if key in keys})
        }

    def reset(self) -> None:
        """Forget all credits, so that tests begin without what others left."""
        self._credits.clear()
