"""Where a request goes next: other keys, other targets, the same again, or back after a wait."""

from __future__ import annotations

import pytest

from connections.auth.key_rests import Rest
from connections.auth.key_states import KeyState
from connections.choices import AuthType
from models_registry.targets import Target
from proxy.answering.walk import OWN_LIMIT, Step, Walk
from resilience.budget import retry_budgets
from resilience.outcomes import Kind
from resilience.route import NO_ROUTE
from resilience.states import states
from resilience.verdict import Next
from tests.support.builders import a_target, an_upstream


def target(*secrets: str, number: int = 1, **fields: object) -> Target:
    return a_target(an_upstream(f"c{number}", secrets=secrets, id=number, **fields))


def place(step: Step | None) -> tuple[str, str, str] | None:
    """The connection, the secret and the reason of ``step``."""
    if step is None:
        return None
    secret = "" if step.key is None else step.key.secret
    return step.target.connection.upstream.name, secret, step.what


def first_of(walk: Walk) -> Step:
    step = walk.first()
    assert step is not None
    return step


def limit(of: Target, seconds: float = 9) -> None:
    """Have the only key of the target rest."""
    [key] = of.connection.upstream.keys
    of.connection.keys.cool(key, seconds, model=of.model, reason=Kind.RATE_LIMITED)


def test_keys_come_before_targets() -> None:
    walk = Walk([target("a", "b"), target("c", number=2)], NO_ROUTE)
    step = first_of(walk)
    assert place(step) == ("c1", "a", "")
    step = walk.after(step, Next.OTHER_KEY)
    assert place(step) == ("c1", "b", "other key")
    step = walk.after(step, Next.OTHER_KEY_OR_WAIT)
    assert place(step) == ("c2", "c", "other target")
    assert walk.after(step, Next.OTHER_KEY) is None


def test_a_failed_target_is_closed_also_to_its_other_keys() -> None:
    walk = Walk([target("a", "b"), target("c", number=2)], NO_ROUTE)
    step = walk.after(first_of(walk), Next.OTHER_TARGET)
    assert place(step) == ("c2", "c", "other target")
    assert walk.after(step, Next.OTHER_KEY) is None


def test_nothing_follows_a_stop() -> None:
    walk = Walk([target("a"), target("b", number=2)], NO_ROUTE)
    assert walk.after(first_of(walk), Next.STOP) is None


def test_the_only_target_is_asked_again_once() -> None:
    walk = Walk([target("a")], NO_ROUTE)
    step = walk.after(first_of(walk), Next.OTHER_TARGET_OR_AGAIN)
    assert place(step) == ("c1", "a", "again")
    assert walk.after(step, Next.OTHER_TARGET_OR_AGAIN) is None


def test_an_empty_budget_allows_the_first_attempt_alone() -> None:
    both = [target("a"), target("b", number=2)]
    while retry_budgets.of(1).spend():
        pass
    walk = Walk(both, NO_ROUTE)
    assert place(step := first_of(walk)) == ("c1", "a", "")
    assert walk.after(step, Next.OTHER_TARGET) is None


def test_further_attempts_are_paid_by_the_connection_that_was_asked_first() -> None:
    while retry_budgets.of(2).spend():
        pass
    walk = Walk([target("a"), target("b", number=2)], NO_ROUTE)
    step = walk.after(first_of(walk), Next.OTHER_TARGET)
    assert place(step) == ("c2", "b", "other target")


def test_the_only_target_is_not_asked_again_while_its_breaker_is_open() -> None:
    only = target("a")
    walk = Walk([only], NO_ROUTE)
    step = first_of(walk)
    states.of(only.key).breaker.restore(states.clock() + 60)
    assert walk.after(step, Next.OTHER_TARGET_OR_AGAIN) is None


def test_a_target_whose_key_rests_is_passed_over() -> None:
    both = [target("a"), target("b", number=2)]
    limit(both[0])
    assert place(Walk(both, NO_ROUTE).first()) == ("c2", "b", "")


def test_the_soonest_limit_is_told() -> None:
    both = [target("a"), target("b", number=2)]
    limit(both[0], 30)
    limit(both[1], 20)
    walk = Walk(both, NO_ROUTE)
    assert walk.first() is None
    assert walk.available_in() == pytest.approx(20, abs=1)


def test_a_target_without_keys_rests_by_its_own_limit() -> None:
    keyless = target(auth_type=AuthType.NONE)
    states.of(keyless.key).cool(20, Kind.RATE_LIMITED)
    walk = Walk([keyless], NO_ROUTE)
    assert walk.first() is None
    assert walk.available_in() == pytest.approx(20, abs=1)


def test_after_a_wait_a_key_can_be_tried_again() -> None:
    only = target("a")
    walk = Walk([only], NO_ROUTE)
    step = first_of(walk)
    limit(only)
    assert walk.after(step, Next.OTHER_KEY_OR_WAIT) is None
    only.connection.keys.revive(only.connection.upstream.keys[0])
    assert place(walk.waited()) == ("c1", "a", "waited")


def test_the_last_resort_is_a_dead_key_but_no_limited_one() -> None:
    dead, limited = target("a"), target("b", number=2)
    dead.connection.keys.kill(dead.connection.upstream.keys[0], "401")
    walk = Walk([dead], NO_ROUTE)
    assert walk.first() is None
    assert place(walk.last_resort()) == ("c1", "a", "")
    limit(limited)
    assert Walk([dead, limited], NO_ROUTE).last_resort() is None


def test_a_step_beside_goes_to_another_target_that_is_well() -> None:
    three = [target("a"), target("b", number=2), target("c", number=3)]
    states.of(three[1].key).cool(9, Kind.OVERLOADED)
    walk = Walk(three, NO_ROUTE)
    step = first_of(walk)
    assert place(walk.beside(step)) == ("c3", "c", "hedge")
    assert walk.beside(step) is None


def test_a_closed_target_is_not_asked() -> None:
    walk = Walk([target("a"), target("b", number=2)], NO_ROUTE)
    step = first_of(walk)
    other = walk.beside(step)
    assert other is not None
    walk.close(other, Next.OTHER_TARGET)
    assert walk.after(step, Next.OTHER_TARGET) is None


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
    budget = retry_budgets.of(1)
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
    assert retry_budgets.of(1).spend()


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


def test_a_step_that_is_skipped_spends_no_retry() -> None:
    walk = Walk([target("a", "b"), target("c", number=2)], NO_ROUTE)
    step = first_of(walk)
    walk.skip(step, 3.0)
    step = walk.after(step, Next.OTHER_KEY_OR_WAIT)
    assert place(step) == ("c1", "b", "other key")
    walk.skip(step, None)
    budget = retry_budgets.of(2)
    step = walk.after(step, Next.OTHER_KEY_OR_WAIT)
    assert place(step) == ("c2", "c", "other target")
    while budget.spend():  # the connection that is asked first pays for what follows
        pass
    assert walk.after(step, Next.OTHER_TARGET_OR_AGAIN) is None


def test_a_skipped_step_gives_back_what_was_spent_for_it() -> None:
    walk = Walk([target("a", "b", "c")], NO_ROUTE)
    step, budget = first_of(walk), retry_budgets.of(1)
    spent = 0
    while budget.spend():
        spent += 1
    budget.give_back()  # one is left
    step = walk.after(step, Next.OTHER_KEY)
    walk.skip(step, None)
    assert place(walk.after(step, Next.OTHER_KEY)) == ("c1", "c", "other key")


def test_a_skipped_step_says_when_there_is_room_again() -> None:
    walk = Walk([target("a"), target("b", number=2)], NO_ROUTE)
    step = first_of(walk)
    walk.skip(step, 9.0)
    other = walk.after(step, Next.OTHER_KEY_OR_WAIT)
    walk.skip(other, 3.0)
    assert walk.after(other, Next.OTHER_KEY_OR_WAIT) is None
    assert walk.available_in() == pytest.approx(3, abs=0.5)
    assert place(walk.waited()) == ("c1", "a", "waited")
    assert walk.available_in() is None


@pytest.mark.parametrize("secrets", [("a", "b"), ()])
def test_a_connection_that_is_used_up_rests_with_all_of_its_keys(secrets) -> None:
    fields = {} if secrets else {"auth_type": AuthType.NONE}
    first, second = target(*secrets, **fields), target("c", number=2)
    states.of(first.key).cool(9, OWN_LIMIT)
    assert place(first_of(Walk([first, second], NO_ROUTE))) == ("c2", "c", "")
    walk = Walk([first], NO_ROUTE)
    assert walk.first() is None
    assert walk.available_in() == pytest.approx(9, abs=0.5)


def test_a_skipped_step_leaves_the_slot_of_a_half_open_breaker_to_others() -> None:
    both = [target("a"), target("b", number=2)]
    breaker = states.of(both[0].key).breaker
    breaker.restore(states.clock())
    walk = Walk(both, NO_ROUTE)
    step = first_of(walk)
    assert place(step) == ("c1", "a", "")
    assert not breaker.try_half_open()
    walk.skip(step, None)
    assert breaker.try_half_open()
