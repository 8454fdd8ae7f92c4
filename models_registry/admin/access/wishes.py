"""What the form of the matrix asks for, and whether it may be saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.crypto import salted_hmac

from accounts.admin.deletions import counted
from models_registry.access.asked import NUMBER, Asked, chosen_models, shown_rows
from models_registry.access.change import LONGEST_PATTERN, Change, Wish, patterns_for, planned
from models_registry.access.effect import Effect, effect_of
from models_registry.access.holders import Holder
from models_registry.access.tree import ModelRow, ModelTree

MOST_GRANTS = 2000  # of one change
ADD, DELETE = "models_registry.add_modelgrant", "models_registry.delete_modelgrant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A way to grant or take back what is ticked: as a pattern that covers ``count`` models now."""

    pattern: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A wish, and what it would do. ``problem`` says why it cannot be saved."""

    wish: Wish
    change: Change
    effect: Effect
    options: tuple[Option, ...] = ()
    problem: str = ""

    @property
    def is_chosen(self) -> bool:
        """Whether it says for whom."""
        return bool(self.wish.grant_to or self.wish.revoke_from)

    @property
    def seal(self) -> str:
        """A fingerprint of all that the preview tells, so that no other change is saved by it."""
        told = (
            [(holder.key, pattern) for holder, pattern in self.change.added],
            [(holder.key, grant.pk) for holder, grant in self.change.removed],
            [
                [person.pk for person in share.people]
                for share in (self.effect.gain, self.effect.lose)
            ],
            [share.models.bit_count() for share in (self.effect.gain, self.effect.lose)],
        )
        return salted_hmac("models_registry.access", repr(told)).hexdigest()[:32]


def proposal_of(sent: QueryDict, tree: ModelTree, holders: Sequence[Holder], user: Any) -> Proposal:
    """``sent`` has ``model`` and ``folder`` for what is ticked, ``grant`` and ``revoke`` for the
    holders, ``as`` for a pattern, and ``split`` for grants that may be replaced."""
    rows = tuple(_ticked(sent, tree, holders))
    patterns = patterns_for(rows, tree)
    pattern = sent.get("as", "")
    wish = Wish(
        rows=rows,
        grant_to=_named(sent.getlist("grant"), holders) if rows else (),
        revoke_from=_named(sent.getlist("revoke"), holders) if rows else (),
        pattern=pattern if pattern in patterns else "",
        split=frozenset(int(pk) for pk in sent.getlist("split") if NUMBER.fullmatch(pk)),
    )
    change = planned(wish, tree)
    return Proposal(
        wish=wish,
        change=change,
        effect=effect_of(change, holders, tree),
        options=tuple(
            Option(
                pattern=each,
                count=tree.covered_by(each).bit_count(),
                is_chosen=each == wish.pattern,
            )
            for each in patterns
        ),
        problem=_problem(wish, change, user),
    )


def _ticked(sent: QueryDict, tree: ModelTree, holders: Sequence[Holder]) -> Iterator[ModelRow]:
    """The models that are ticked, and those that the page shows in a ticked folder."""
    wanted = set(sent.getlist("model"))
    folders = [tree.by_key[key] for key in sent.getlist("folder") if key in tree.by_key]
    if folders:
        shown = chosen_models(Asked.read(sent), tree, holders)
        wanted |= {row.model_id for folder in folders for row in shown_rows(folder, shown)}
    return (row for row in tree.rows if row.model_id in wanted)


def _named(keys: Sequence[str], holders: Sequence[Holder]) -> tuple[Holder, ...]:
    return tuple(holder for holder in holders if holder.key in keys)


def _problem(wish: Wish, change: Change, user: Any) -> str:
    both = {holder.name for holder in wish.grant_to} & {each.name for each in wish.revoke_from}
    if both:
        return f"{', '.join(sorted(both))} cannot be given and denied the same models at once."
    if change.added and not user.has_perm(ADD):
        return "You may not make grants."
    if change.removed and not user.has_perm(DELETE):
        return "You may not delete grants."
    if long := [pattern for _, pattern in change.added if len(pattern) > LONGEST_PATTERN]:
        told = counted(len(long), "id")
        return f"{told} of more than {LONGEST_PATTERN} characters can be granted by a pattern only."
    if len(change.added) + len(change.removed) > MOST_GRANTS:
        return f"These are more than {MOST_GRANTS:,} grants. A pattern is one for each group."
    return ""
