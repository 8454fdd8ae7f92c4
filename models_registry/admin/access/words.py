"""What a change of grants does, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from accounts.admin.deletions import counted
from models_registry.access.effect import Share
from models_registry.access.people import Person
from models_registry.access.tree import ModelTree
from models_registry.admin.access.wishes import Proposal
from models_registry.admin.losses import named
from models_registry.known_prices import known_prices

MOST_IDS = 20


def sentences(proposal: Proposal, tree: ModelTree, viewer: Any) -> dict[str, Any]:
    """``gain`` and ``lose`` are empty where there is none; ``rest`` are the other sentences."""
    effect, change = proposal.effect, proposal.change
    return {
        "gain": _moved(effect.gain, "gain", viewer),
        "lose": _moved(effect.lose, "lose", viewer),
        "gained": _ids(effect.gain, tree),
        "lost": _ids(effect.lose, tree),
        "rest": list(_rest(proposal)),
        "dearest": _dearest(proposal, tree)
        if change.added and viewer.has_perm("usage.view_price")
        else "",
        "overlaps": [
            {
                "holder": overlap.holder.name,
                "grant": overlap.grant,
                "taken": overlap.taken.bit_count(),
                "others": overlap.others.bit_count(),
                "is_split": overlap.is_split,
            }
            for overlap in change.overlaps
        ],
    }


def _moved(share: Share, verb: str, viewer: Any) -> str:
    """``11 people gain 3 models: ana, ben``, with names for those who may see users."""
    if not share.people:
        return ""
    people = counted_people(len(share.people))
    verb = verb if len(share.people) > 1 else f"{verb}s"
    said = f"{people} {verb} {counted(share.models.bit_count(), 'model')}"
    return (
        f"{said}: {_names(share.people, viewer)}" if viewer.has_perm("accounts.view_user") else said
    )


def _names(people: Sequence[Person], viewer: Any) -> str:
    return named(person.username for person in people)


def counted_people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _rest(proposal: Proposal) -> Iterator[str]:
    change, effect, wish = proposal.change, proposal.effect, proposal.wish
    for holder, grant in change.held:
        yield f"{holder.name} has them already, by {grant.pattern}."
    if wish.grant_to and not effect.gain.people and change.added:
        yield "No person gains a model now."
    if effect.keep:
        people = counted_people(len(effect.keep))
        verb = "have" if len(effect.keep) > 1 else "has"
        keep = "keep" if len(effect.keep) > 1 else "keeps"
        said = f"{people} {verb} them already" if wish.grant_to else f"{people} {keep} some of them"
        yield f"{said}, by {', '.join(effect.reasons)}." if effect.reasons else f"{said}."
    if not effect.lose.people:
        yield "No person loses a model."
    if effect.staff:
        yield f"{counted_people(effect.staff)} of the staff may use every model anyway."
    for holder in wish.revoke_from:
        if not holder.grants_of(change.models):
            yield f"{holder.name} holds no grant of them."


def _ids(share: Share, tree: ModelTree) -> list[str]:
    found = [row.model_id for row in tree.rows_in(share.models)]
    more = len(found) - MOST_IDS
    return [*found[:MOST_IDS], *([f"and {more} more"] if more > 0 else [])]


def _dearest(proposal: Proposal, tree: ModelTree) -> str:
    targets = [row.targets[0] for row in tree.rows_in(proposal.change.models)]
    found = known_prices.dearest(targets)
    if found is None:
        return "None of them has a known price."
    target, price = found
    return f"Dearest: {target.public_id}, {price.in_words}."
