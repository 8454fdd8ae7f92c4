"""Grants: the patterns in the database, and the sets of models that they match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from accounts.caller import Caller
from models_registry.patterns import PatternIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """Patterns by whom they are granted to."""

    everyone: frozenset[str] = frozenset()
    by_group: Mapping[int, frozenset[str]] = field(default_factory=dict)
    by_user: Mapping[int, frozenset[str]] = field(default_factory=dict)


class Access:
    """The sets of models that :class:`Grants` open, worked out beforehand."""

    def __init__(self, grants: Grants, patterns: PatternIndex) -> None:
        self._everyone = patterns.covered_by(grants.everyone)
        self._by_group = {k: patterns.covered_by(held) for k, held in grants.by_group.items()}
        self._by_user = {k: patterns.covered_by(held) for k, held in grants.by_user.items()}

    def of(self, caller: Caller) -> int:
        """The grants of ``caller``: those to everyone, to their groups, and to themselves."""
        granted = self._everyone | self._by_user.get(caller.user_id, 0)
        for group in caller.group_ids:
            granted |= self._by_group.get(group, 0)
        return granted
