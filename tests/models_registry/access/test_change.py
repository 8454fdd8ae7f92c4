"""A change of grants before it is made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.access.change import Wish, patterns_for, planned
from tests.models_registry.access.trees import ROUTER, a_holder, a_tree, ids

TREE = a_tree()
IDS = tuple(row.model_id for row in TREE.rows)
PATTERNS = ("*", "anthropic/*", "anthropic/o*", "router/*", "gpt-4o", "gpt-4o*", *ROUTER)


def rows(*wanted):
    return tuple(TREE.by_id[model_id] for model_id in wanted)


def grants(change):
    return [pattern for _, pattern in change.added]


def deleted(change):
    return [grant.pattern for _, grant in change.removed]


def test_models_are_granted_one_by_one_as_far_as_they_are_lacking():
    team = a_holder(TREE, "team", "gpt-4o*")
    change = planned(Wish(rows=rows("gpt-4o", "cohere/command"), grant_to=(team,)), TREE)
    assert grants(change) == ["cohere/command"]
    assert deleted(change) == []


def test_a_holder_who_has_all_of_it_is_told_with_the_grant():
    team = a_holder(TREE, "team", "gpt-4o*")
    change = planned(Wish(rows=rows("gpt-4o"), grant_to=(team,)), TREE)
    assert change.is_empty
    assert [(holder.name, grant.pattern) for holder, grant in change.held] == [("team", "gpt-4o*")]


@pytest.mark.parametrize(("has", "expected"), [("*", []), ("anthropic/o*", ["anthropic/*"])])
def test_a_pattern_is_one_grant_unless_a_wider_one_is_held(has, expected):
    team = a_holder(TREE, "team", has)
    wish = Wish(rows=rows("anthropic/opus"), grant_to=(team,), pattern="anthropic/*")
    assert grants(planned(wish, TREE)) == expected


def test_what_a_pattern_gives_stays_until_it_is_split():
    team = a_holder(TREE, "team", "router/*", "anthropic/opus")
    wish = Wish(rows=rows("anthropic/opus"), revoke_from=(team,))
    change = planned(wish, TREE)
    assert deleted(change) == ["anthropic/opus"]
    (overlap,) = change.overlaps
    assert overlap.grant.pattern == "router/*"
    assert ids(TREE, overlap.taken) == ["anthropic/opus"]
    assert ids(TREE, overlap.others) == ["anthropic/sonnet", "cohere/command"]
    assert ids(TREE, change.after(team, TREE)) == list(ROUTER)


def test_a_split_pattern_leaves_grants_of_its_other_models():
    team = a_holder(TREE, "team", "router/*", "cohere/command")
    wish = Wish(rows=rows("anthropic/opus"), revoke_from=(team,), split=frozenset({100}))
    change = planned(wish, TREE)
    assert deleted(change) == ["router/*"]
    assert grants(change) == ["anthropic/sonnet"]
    assert ids(TREE, change.after(team, TREE)) == ["anthropic/sonnet", "cohere/command"]


def test_a_pattern_takes_back_narrower_ones_and_names_the_wider():
    team = a_holder(TREE, "team", "*", "anthropic/o*", "anthropic/sonnet", "gpt-4o")
    wish = Wish(rows=rows("anthropic/opus"), revoke_from=(team,), pattern="anthropic/*")
    change = planned(wish, TREE)
    assert deleted(change) == ["anthropic/o*", "anthropic/sonnet"]
    assert [overlap.grant.pattern for overlap in change.overlaps] == ["*"]


@given(
    held=st.lists(st.sampled_from(PATTERNS), unique=True),
    wanted=st.lists(st.sampled_from(IDS), min_size=1, unique=True),
    as_pattern=st.booleans(),
    splits=st.booleans(),
)
def test_no_other_model_is_lost_and_what_is_given_is_had(held, wanted, as_pattern, splits):
    team = a_holder(TREE, "team", *held)
    chosen = rows(*wanted)
    pattern = next(iter(patterns_for(chosen, TREE)), "") if as_pattern else ""
    split = frozenset(grant.pk for grant in team.grants) if splits else frozenset()
    given_to = planned(Wish(rows=chosen, grant_to=(team,), pattern=pattern), TREE)
    assert given_to.after(team, TREE) == team.models | given_to.models
    taken = planned(Wish(rows=chosen, revoke_from=(team,), pattern=pattern, split=split), TREE)
    after = taken.after(team, TREE)
    assert after & ~taken.models == team.models & ~taken.models
    assert not splits or not after & taken.models


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([], []),
        (["gpt-4o"], ["openai/*"]),
        (["gpt-4o", "gpt-4o-mini"], ["gpt-*", "openai/*"]),
        (["anthropic/opus", "anthropic/sonnet"], ["anthropic/*", "router/*"]),
        (["anthropic/opus"], ["anthropic/*", "router/*"]),
        (["anthropic/opus", "cohere/command"], ["router/*"]),
        (["gpt-4o", "cohere/command"], []),
    ],
)
def test_patterns_are_proposed_that_cover_what_is_ticked(wanted, expected):
    assert patterns_for(rows(*wanted), TREE) == expected
