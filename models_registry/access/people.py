"""The people whom grants reach: their groups, and the grants of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import User
from models_registry.access.tree import ModelTree
from models_registry.models import ModelGrant


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """``own`` are the patterns that are granted to this user alone."""

    pk: int
    username: str
    is_staff: bool
    groups: frozenset[int]
    own: tuple[str, ...]


def load_people(group_ids: Collection[int] | None = None) -> list[Person]:
    """The users who may call, by name: those in any of ``group_ids``, or all. Two queries."""
    users = User.objects.filter(is_active=True)
    grants = ModelGrant.objects.filter(user__is_active=True)
    if group_ids is not None:
        members = User.groups.through.objects.filter(group__in=group_ids).values("user")
        users, grants = users.filter(pk__in=members), grants.filter(user__in=members)
    own: defaultdict[int, list[str]] = defaultdict(list)
    for user_id, pattern in grants.order_by("pattern").values_list("user_id", "pattern"):
        own[user_id].append(pattern)
    groups: defaultdict[tuple[int, str, bool], set[int]] = defaultdict(set)
    # A line for each membership, and one for who is in no group.
    found = users.order_by("username").values_list("pk", "username", "is_staff", "groups")
    for pk, username, is_staff, group_id in found:
        groups[pk, username, is_staff] |= set() if group_id is None else {group_id}
    return [
        Person(
            pk=pk,
            username=username,
            is_staff=is_staff,
            groups=frozenset(member_of),
            own=tuple(own.get(pk, ())),
        )
        for (pk, username, is_staff), member_of in groups.items()
    ]


class Reach:
    """The sets of models that people have, by the sets of everyone and of each group."""

    def __init__(self, everyone: int, by_group: dict[int, int], tree: ModelTree) -> None:
        self._everyone = everyone
        self._by_group = by_group
        self._tree = tree
        self._known: dict[tuple[frozenset[int], tuple[str, ...]], int] = {}

    def of(self, person: Person) -> int:
        key = (person.groups, person.own)
        known = self._known.get(key)
        if known is None:
            known = self._everyone | self._tree.covered_by(*person.own)
            for group in person.groups:
                known |= self._by_group.get(group, 0)
            self._known[key] = known
        return known
