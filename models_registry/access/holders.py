"""Everyone and the groups, with the grants that each holds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db.models import Count

from models_registry.access.tree import ModelTree
from models_registry.models import ModelGrant

EVERYONE = "everyone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A grant, and the set of the models that it covers."""

    pk: int
    pattern: str
    covers: int

    @property
    def is_direct(self) -> bool:
        """Whether it names one id."""
        return "*" not in self.pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A group, or everyone: then ``group_id`` is None. ``size`` counts the members of a group."""

    name: str
    group_id: int | None = None
    size: int = 0
    grants: tuple[Held, ...] = ()

    @property
    def key(self) -> str:
        """The name of the holder in addresses and forms."""
        return EVERYONE if self.group_id is None else str(self.group_id)

    @property
    def models(self) -> int:
        """The set of all models that the grants open."""
        return together(self.grants)

    def grants_of(self, models: int) -> list[Held]:
        """The grants that cover any of ``models``: those that name one id first."""
        return sorted(
            (grant for grant in self.grants if grant.covers & models),
            key=lambda grant: not grant.is_direct,
        )


def together(grants: tuple[Held, ...] | list[Held]) -> int:
    """The set of the models that any of ``grants`` covers."""
    found = 0
    for grant in grants:
        found |= grant.covers
    return found


def load_holders(tree: ModelTree) -> tuple[Holder, ...]:
    """Everyone first, then all groups by name, as the database has them now. Two queries."""
    grants: defaultdict[int | None, list[Held]] = defaultdict(list)
    rows = ModelGrant.objects.filter(user__isnull=True).order_by("pattern", "pk")
    for pk, pattern, group_id in rows.values_list("pk", "pattern", "group_id"):
        grants[group_id].append(Held(pk=pk, pattern=pattern, covers=tree.covered_by(pattern)))
    groups = Group.objects.annotate(size=Count("user")).order_by("name")
    return (
        Holder(name=EVERYONE, grants=tuple(grants[None])),
        *(
            Holder(name=name, group_id=pk, size=size, grants=tuple(grants[pk]))
            for pk, name, size in groups.values_list("pk", "name", "size")
        ),
    )
