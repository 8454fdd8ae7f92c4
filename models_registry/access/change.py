"""A change of grants, worked out before it is made.

::

    ticked models ─┬─ as they are ─► a grant for each id
                   └─ as a pattern ─► one grant, also for models that come later
    taken back     ─── grants of single ids go; what a pattern gives stays until it is split
    split          ─── the pattern goes, and each other model that it covers is granted by its id
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from infrastructure.patterns import matches
from models_registry.access.holders import Held, Holder, together
from models_registry.access.tree import ModelRow, ModelTree

LONGEST_PATTERN = 200  # as the column of grants is
SHORTEST_BEGINNING = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for. ``pattern`` stands for the ticked models if there is one.

    ``split`` are the numbers of the grants that may go, though they cover other models, too.
    """

    rows: tuple[ModelRow, ...]
    grant_to: tuple[Holder, ...] = ()
    revoke_from: tuple[Holder, ...] = ()
    pattern: str = ""
    split: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """A grant by a pattern that gives ``taken`` of the models that are to be taken back.

    ``others`` is the set of the models that it gives besides.
    """

    holder: Holder
    grant: Held
    taken: int
    others: int
    is_split: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """``added`` are pairs of a holder and a pattern, ``removed`` of a holder and its grant.

    ``models`` is the set that was asked for. ``held`` are the holders that have all of it already,
    each with a grant that gives some of it.
    """

    models: int
    added: tuple[tuple[Holder, str], ...] = ()
    removed: tuple[tuple[Holder, Held], ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    held: tuple[tuple[Holder, Held], ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.added and not self.removed

    def after(self, holder: Holder, tree: ModelTree) -> int:
        """The set of models that ``holder`` has then."""
        removed = {grant.pk for _, grant in self.removed}
        kept = together([grant for grant in holder.grants if grant.pk not in removed])
        added = [pattern for each, pattern in self.added if each.key == holder.key]
        return kept | tree.covered_by(*added)


def planned(wish: Wish, tree: ModelTree) -> Change:
    """The grants to make and to delete."""
    models = tree.covered_by(wish.pattern) if wish.pattern else tree.set_of(wish.rows)
    added: list[tuple[Holder, str]] = []
    removed: list[tuple[Holder, Held]] = []
    held: list[tuple[Holder, Held]] = []
    for holder in wish.grant_to:
        new = [(holder, pattern) for pattern in _lacking(wish, holder)]
        added += new
        held += [] if new else [(holder, grant) for grant in holder.grants_of(models)[:1]]
    overlaps = [
        overlap for holder in wish.revoke_from for overlap in _overlaps(wish, holder, models)
    ]
    for holder in wish.revoke_from:
        going = list(_going(wish, holder, models, overlaps))
        removed += [(holder, grant) for grant in going]
        added += [(holder, pattern) for pattern in _staying(holder, going, models, overlaps, tree)]
    return Change(
        models=models,
        added=tuple(added),
        removed=tuple(removed),
        overlaps=tuple(overlaps),
        held=tuple(held),
    )


def _lacking(wish: Wish, holder: Holder) -> Iterator[str]:
    """The patterns that ``holder`` needs for what is asked, and has not."""
    if wish.pattern:
        if not any(matches(grant.pattern, wish.pattern) for grant in holder.grants):
            yield wish.pattern
        return
    has = holder.models
    yield from (row.model_id for row in wish.rows if not has >> row.number & 1)


def _is_within(wish: Wish, grant: Held, models: int) -> bool:
    """Whether ``grant`` gives nothing but what is to be taken back, now and later."""
    if wish.pattern and matches(wish.pattern, grant.pattern):
        return True
    return grant.is_direct and bool(grant.covers & models)


def _overlaps(wish: Wish, holder: Holder, models: int) -> Iterator[Overlap]:
    for grant in holder.grants:
        if grant.covers & models and not _is_within(wish, grant, models):
            yield Overlap(
                holder=holder,
                grant=grant,
                taken=grant.covers & models,
                others=grant.covers & ~models,
                is_split=grant.pk in wish.split,
            )


def _going(wish: Wish, holder: Holder, models: int, overlaps: Sequence[Overlap]) -> Iterator[Held]:
    split = {overlap.grant.pk for overlap in overlaps if overlap.is_split}
    for grant in holder.grants:
        if _is_within(wish, grant, models) or grant.pk in split:
            yield grant


def _staying(
    holder: Holder,
    going: Collection[Held],
    models: int,
    overlaps: Sequence[Overlap],
    tree: ModelTree,
) -> Iterator[str]:
    """The ids of the models that a split pattern gave besides, and no grant that stays gives."""
    gone = {grant.pk for grant in going}
    kept = together([grant for grant in holder.grants if grant.pk not in gone])
    others = 0
    for overlap in overlaps:
        if overlap.is_split and overlap.holder.key == holder.key:
            others |= overlap.others
    yield from (row.model_id for row in tree.rows_in(others & ~kept & ~models))


def patterns_for(rows: Sequence[ModelRow], tree: ModelTree) -> list[str]:
    """Patterns that cover all of ``rows``, the narrowest first: what they begin with in common,
    and their connection where one serves them all."""
    if not rows:
        return []
    wanted = tree.set_of(list(rows))
    found = [f"{beginning}*" for beginning in _beginnings([row.model_id for row in rows])]
    if len(found) == 2 and tree.covered_by(found[0]) == tree.covered_by(found[1]):
        del found[0]  # the one up to the slash says the same in fewer words
    connections = {
        "" if row.targets[0].is_routed else row.targets[0].connection.upstream.name for row in rows
    }
    if len(connections) == 1 and "" not in connections:
        found.append(f"{connections.pop()}/*")
    return [
        pattern
        for pattern in dict.fromkeys(found)
        if len(pattern) <= LONGEST_PATTERN and not wanted & ~tree.covered_by(pattern)
    ]


def _beginnings(ids: list[str]) -> Iterator[str]:
    """What all of ``ids`` begin with, if it ends where a word does; then up to its first slash."""
    first, last = min(ids), max(ids)
    length = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    common = first if length is None else first[:length]
    cut = max(common.rfind(sign) for sign in "/-.:") + 1
    common = common[:cut] if cut >= SHORTEST_BEGINNING else ""
    if common and len(ids) > 1:
        yield common
    before, slash, _ = first.partition("/")
    if slash and all(each.startswith(before + slash) for each in ids):
        yield before + slash
