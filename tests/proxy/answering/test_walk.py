from __future__ import annotations

import pytest

from connections.auth.key_rests import Rest
from connections.auth.key_states import KeyState
from models_registry.targets import Target
from proxy.answering.walk import Walk
from resilience.budget import retry_budgets
from resilience.route import NO_ROUTE
from resilience.verdict import Next
from tests.support.builders import a_target, an_upstream


@pytest.fixture
def targets() -> list[Target]:
    return [
        a_target(an_upstream("c1", secrets=("a",), id=1)),
        a_target(an_upstream("c2", secrets=("b",), id=2)),
    ]


def had_died(target: Target) -> Rest:
    """The rest of the target's key, which is due for a trial."""
    pool = target.connection.keys
    assert pool is not None
    rest = Rest(until=0.0, state=KeyState.DEAD, reason="401")
    pool.rests.put(pool.all[0].id, None, rest)
    return rest


def after_the_first(walk: Walk) -> object:
    first = walk.first()
    assert first is not None
    return walk.after(first, Next.OTHER_TARGET)


def test_no_trial_of_a_dead_key_begins_where_the_budget_pays_for_no_attempt(
    targets: list[Target],
) -> None:
    rest = had_died(targets[1])
    budget = retry_budgets.of(2)
    while budget.spend():
        pass
    assert after_the_first(Walk(targets, NO_ROUTE)) is None
    assert not rest.is_on_trial
    for _ in range(100):
        budget.note_first(20)
    assert after_the_first(Walk(targets, NO_ROUTE)) is not None
    assert rest.is_on_trial


def test_a_target_without_a_key_that_is_ok_costs_no_budget(targets: list[Target]) -> None:
    pool = targets[1].connection.keys
    assert pool is not None
    pool.kill(pool.all[0], "401")
    for _ in range(10):
        assert after_the_first(Walk(targets, NO_ROUTE)) is None
    assert retry_budgets.of(2).spend()


def test_the_only_target_is_asked_again_once_if_the_budget_pays(targets: list[Target]) -> None:
    walk = Walk(targets[:1], NO_ROUTE)
    first = walk.first()
    assert first is not None
    again = walk.after(first, Next.OTHER_TARGET_OR_AGAIN)
    assert again is not None
    assert (again.key, again.what) == (first.key, "again")
    assert walk.after(again, Next.OTHER_TARGET_OR_AGAIN) is None
    while retry_budgets.of(1).spend():
        pass
    walk = Walk(targets[:1], NO_ROUTE)
    first = walk.first()
    assert first is not None
    assert walk.after(first, Next.OTHER_TARGET_OR_AGAIN) is None
