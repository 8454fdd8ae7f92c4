"""What a change of grants does to people: who gains models, loses some, or has them already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models_registry.access.change import Change
from models_registry.access.holders import Holder
from models_registry.access.people import Person, Reach, load_people
from models_registry.access.tree import ModelTree

MOST_REASONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """People, and the set of the models that any of them gains or loses."""

    people: tuple[Person, ...] = ()
    models: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """``keep`` have what is given, or what is taken, by ``reasons`` as well.

    ``staff`` may use every model anyway, so they are in none of the others.
    """

    gain: Share
    lose: Share
    keep: tuple[Person, ...] = ()
    reasons: tuple[str, ...] = ()
    staff: int = 0


def effect_of(change: Change, holders: Sequence[Holder], tree: ModelTree) -> Effect:
    """Two queries, or none where nothing changes."""
    touched = {holder.group_id for holder, _ in (*change.added, *change.removed, *change.held)}
    if not touched:
        return Effect(gain=Share(), lose=Share())
    group_ids = None if None in touched else [pk for pk in touched if pk is not None]
    people = load_people(group_ids)
    callers = [person for person in people if not person.is_staff]
    before = _reach({holder.group_id: holder.models for holder in holders}, tree)
    after = _reach({each.group_id: change.after(each, tree) for each in holders}, tree)
    gain, lose = _share(callers, before, after), _share(callers, after, before)
    moved = {person.pk for person in (*gain.people, *lose.people)}
    keep = tuple(
        person for person in callers if person.pk not in moved and before.of(person) & change.models
    )
    return Effect(
        gain=gain,
        lose=lose,
        keep=keep,
        reasons=tuple(_reasons(keep, change, holders, tree)),
        staff=len(people) - len(callers),
    )


def _reach(models: dict[int | None, int], tree: ModelTree) -> Reach:
    by_group = {pk: found for pk, found in models.items() if pk is not None}
    return Reach(models.get(None, 0), by_group, tree)


def _share(people: Iterable[Person], less: Reach, more: Reach) -> Share:
    """The people who have models by ``more`` that they have not by ``less``."""
    found, models = [], 0
    for person in people:
        if new := more.of(person) & ~less.of(person):
            found.append(person)
            models |= new
    return Share(people=tuple(found), models=models)


def _reasons(
    people: Sequence[Person], change: Change, holders: Sequence[Holder], tree: ModelTree
) -> list[str]:
    """The grants by which ``people`` have models of the change that it does not give or take."""
    removed = {grant.pk for _, grant in change.removed}
    groups = {pk for person in people for pk in person.groups}
    found = [
        f"{grant.pattern} of {holder.name}"
        for holder in holders
        if people and (holder.group_id is None or holder.group_id in groups)
        for grant in holder.grants_of(change.models)
        if grant.pk not in removed
    ]
    own = {pattern for person in people for pattern in person.own}
    if any(tree.covered_by(pattern) & change.models for pattern in own):
        found.append("grants of their own")
    more = len(found) - MOST_REASONS
    return [*found[:MOST_REASONS], *([f"{more} more"] if more > 0 else [])]
