"""The people who may use one model, and the grants that let them."""

from __future__ import annotations

from dataclasses import dataclass

from models_registry.access.holders import Held, Holder, load_holders
from models_registry.access.people import Reach, load_people
from models_registry.access.tree import ModelRow, ModelTree


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """``holders`` are everyone and groups with the grants that cover the model, ``users`` pairs of
    a user and a pattern. ``people`` counts the users who may use it by any of these, out of
    ``all_people``; ``staff`` may use every model and are in neither.
    """

    holders: tuple[tuple[Holder, tuple[Held, ...]], ...]
    users: tuple[tuple[int, str, str], ...]
    people: int
    all_people: int
    staff: int


def who_may(row: ModelRow, tree: ModelTree) -> Access:
    """Four queries."""
    here = 1 << row.number
    holders = load_holders(tree)
    people = load_people()
    by_group = {each.group_id: each.models for each in holders if each.group_id is not None}
    reach = Reach(holders[0].models, by_group, tree)
    callers = [person for person in people if not person.is_staff]
    return Access(
        holders=tuple(
            (holder, tuple(grants)) for holder in holders if (grants := holder.grants_of(here))
        ),
        users=tuple(
            (person.pk, person.username, pattern)
            for person in people
            for pattern in person.own
            if tree.covered_by(pattern) & here
        ),
        people=sum(1 for person in callers if reach.of(person) & here),
        all_people=len(callers),
        staff=len(people) - len(callers),
    )
