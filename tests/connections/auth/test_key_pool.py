from __future__ import annotations

from dataclasses import replace

import pytest

from connections.auth.key_pool import KeyPool
from connections.auth.key_states import KeyChange, KeyState
from connections.upstream import UpstreamKey

A, B, C = (UpstreamKey(id=name, secret=f"sk-{name}", hint=f"…{name}") for name in "abc")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def used(pool: KeyPool, times: int, model: str = "m") -> str:
    keys = (pool.usable(model) for _ in range(times))
    return "".join(key.id if key else "-" for key in keys)


def order(pool: KeyPool, model: str = "") -> str:
    return "".join(key.id for key in pool.in_turn(model))


def heard(pool: KeyPool) -> list[KeyChange]:
    changes: list[KeyChange] = []
    pool.on_change = changes.append
    return changes


def test_keys_take_turns() -> None:
    assert used(KeyPool((A, B, C)), 6) == "abcabc"


def test_a_weight_is_a_share() -> None:
    assert used(KeyPool((replace(A, weight=2), B)), 6) == "abaaba"


def test_a_key_without_weight_is_for_when_no_other_is_ok(clock) -> None:
    pool = KeyPool((replace(A, weight=0), B), clock)
    assert used(pool, 3) == "bbb"
    pool.cool(B, 5, model="m", reason="429")
    assert used(pool, 2) == "aa"


def test_keys_that_were_tried_are_passed_over() -> None:
    pool = KeyPool((A, B))
    assert [pool.usable("m", {"a"}), pool.usable("m", {"a", "b"})] == [B, None]
    assert KeyPool((A,)).usable("m", ("a",)) is None


def test_a_key_cools_for_one_model(clock) -> None:
    pool = KeyPool((A, B), clock)
    assert pool.cool(A, 5, model="m", reason="429") == 5
    assert used(pool, 3) == "bbb"
    assert "a" in used(pool, 2, "other")
    clock.now += 5
    assert sorted(used(pool, 2)) == ["a", "b"]


def test_an_account_without_money_cools_for_every_model(clock) -> None:
    pool = KeyPool((A,), clock)
    pool.cool(A, 900, model=None, reason="insufficient_quota")
    assert [pool.usable("m"), pool.usable(""), pool.available_in("m")] == [None, None, 900]


def test_the_soonest_key_is_what_is_waited_for(clock) -> None:
    pool = KeyPool((A, B), clock)
    assert pool.available_in("m") == 0
    pool.cool(A, 9, model="m", reason="429")
    pool.cool(B, 4, model="m", reason="429")
    clock.now += 1
    assert (pool.available_in("m"), pool.available_in("other")) == (3, 0)


def test_a_rest_without_a_word_of_the_upstream_doubles_until_a_success(clock) -> None:
    pool, lasted = KeyPool((A,), clock), []
    for _ in range(6):
        lasted.append(pool.cool(A, 5, model="m", reason="429", doubles=True))
        clock.now += lasted[-1]
    assert lasted == [5, 10, 20, 40, 60, 60]
    pool.succeeded(A, "m")
    assert pool.cool(A, 5, model="m", reason="429", doubles=True) == 5


def test_requests_that_are_refused_together_double_nothing(clock) -> None:
    pool = KeyPool((A,), clock)
    assert [pool.cool(A, 5, model="m", reason="429", doubles=True) for _ in range(3)] == [5] * 3
    clock.now += 5
    assert pool.cool(A, 5, model="m", reason="429", doubles=True) == 10


@pytest.mark.parametrize(("told", "taken"), [(0.0, 1), (float("inf"), 900), (17.5, 17.5)])
def test_no_upstream_can_put_a_key_away_for_good(clock, told, taken) -> None:
    assert KeyPool((A,), clock).cool(A, told, model="m", reason="429") == taken


def test_a_rest_is_not_cut_short_by_a_later_refusal(clock) -> None:
    pool = KeyPool((A,), clock)
    pool.cool(A, 60, model="m", reason="429")
    assert pool.cool(A, 5, model="m", reason="429") == 60


def test_a_dead_key_is_tried_by_one_request_after_15_minutes(clock) -> None:
    pool = KeyPool((A,), clock)
    pool.kill(A, "401")
    clock.now += 899
    assert used(pool, 1) == "-"
    clock.now += 1
    assert used(pool, 3) == "a--"


def test_a_dead_key_that_was_taken_lives(clock) -> None:
    pool = KeyPool((A,), clock)
    pool.kill(A, "401")
    pool.succeeded(A, "m")  # of a request from before
    assert used(pool, 1) == "-"
    clock.now += 900
    assert used(pool, 1) == "a"
    pool.succeeded(A, "m")
    assert used(pool, 2) == "aa"


def test_a_dead_key_that_was_refused_again_stays_dead(clock) -> None:
    pool = KeyPool((A,), clock)
    pool.kill(A, "401")
    clock.now += 900
    assert used(pool, 1) == "a"
    pool.kill(A, "401")
    clock.now += 899
    assert used(pool, 1) == "-"


def test_a_refusal_of_the_request_proves_that_a_dead_key_is_taken_again(clock) -> None:
    pool = KeyPool((A,), clock)
    pool.cool(A, 5, model="m", reason="429", doubles=True)
    clock.now += 5
    pool.kill(A, "401")
    pool.taken(A)  # of a request from before
    assert used(pool, 1) == "-"
    clock.now += 900
    changes = heard(pool)
    assert used(pool, 1) == "a"
    pool.taken(A)
    assert used(pool, 2) == "aa"
    assert changes == [KeyChange(key=A, model=None, state=KeyState.OK)]
    assert pool.cool(A, 5, model="m", reason="429", doubles=True) == 10


def test_a_refusal_of_the_request_does_not_prove_that_there_is_money(clock) -> None:
    pool = KeyPool((A,), clock)
    pool.cool(A, 900, model=None, reason="402")
    assert pool.last_resort("m") == A
    pool.taken(A)
    assert used(pool, 1) == "-"


def test_a_trial_that_nothing_was_heard_of_is_made_again(clock) -> None:
    pool = KeyPool((A,), clock)
    pool.kill(A, "401")
    clock.now += 900
    assert used(pool, 2) == "a-"
    clock.now += 30
    assert used(pool, 2) == "a-"


def test_a_key_is_revived_for_every_model(clock) -> None:
    pool = KeyPool((A,), clock)
    pool.kill(A, "401")
    pool.cool(A, 60, model="m", reason="429")
    pool.revive(A)
    assert [used(pool, 1), used(pool, 1, "other")] == ["a", "a"]


def test_a_key_is_for_the_models_of_its_patterns() -> None:
    pool = KeyPool((replace(A, model_patterns=("gpt-4*", "o3")), B))
    assert used(pool, 2, "gpt-5") == "bb"
    assert sorted(used(pool, 2, "gpt-4o")) == ["a", "b"]
    assert sorted(used(pool, 2, "")) == ["a", "b"]


def test_a_model_that_no_key_is_for_has_none() -> None:
    pool = KeyPool((replace(A, model_patterns=("gpt-4*",)),))
    assert (pool.usable("gpt-5"), pool.available_in("gpt-5")) == (None, None)


def test_a_key_that_cannot_be_sent_is_the_last_resort() -> None:
    unset = UpstreamKey(id="unset", secret="", hint="env:THE_KEY")
    assert used(KeyPool((unset, B)), 2) == "bb"
    assert KeyPool((unset,)).usable("m") is unset


def test_every_change_is_told_once(clock) -> None:
    pool = KeyPool((A, B), clock)
    changes = heard(pool)
    for _ in range(2):
        pool.cool(A, 5, model="m", reason="429")
        pool.kill(B, "401")
    pool.revive(B)
    pool.revive(B)
    assert [(each.key.id, each.model, each.state, each.seconds) for each in changes] == [
        ("a", "m", KeyState.COOLING, 5),
        ("b", None, KeyState.DEAD, 900),
        ("b", None, KeyState.OK, 0),
    ]


def test_what_another_worker_found_out_is_taken_over_and_not_told(clock) -> None:
    pool = KeyPool((A, B), clock)
    changes = heard(pool)
    pool.learn(KeyChange(key=A, model="m", state=KeyState.COOLING, seconds=9, reason="429"))
    assert used(pool, 2) == "bb"
    pool.learn(KeyChange(key=A, model="m", state=KeyState.COOLING, seconds=2, reason="429"))
    clock.now += 8
    assert used(pool, 1) == "b"
    pool.learn(KeyChange(key=A, model=None, state=KeyState.OK))
    assert "a" in used(pool, 2)
    assert changes == []


def test_states_outlive_an_edit_of_the_connection_but_not_of_the_key(clock) -> None:
    earlier = KeyPool((A, B), clock)
    earlier.kill(A, "401")
    earlier.kill(B, "401")
    later = KeyPool((A, replace(B, secret="sk-new")), clock)
    later.take_over(earlier)
    assert used(later, 2) == "bb"


def test_reports_have_a_line_for_each_rest(clock) -> None:
    pool = KeyPool((A, B), clock)
    pool.cool(B, 5, model="m", reason="429")
    pool.cool(B, 9, model="n", reason="429")
    clock.now += 1
    assert [(each.hint, each.state, each.model, each.seconds) for each in pool.reports()] == [
        ("…a", KeyState.OK, None, 0),
        ("…b", KeyState.COOLING, "m", 4),
        ("…b", KeyState.COOLING, "n", 8),
    ]
    assert "sk-" not in repr(pool.reports())


def test_each_request_without_a_key_begins_with_the_next_one() -> None:
    pool = KeyPool((A, B, C))
    assert [order(pool) for _ in range(4)] == ["abc", "bca", "cab", "abc"]


def test_a_resting_key_comes_last_in_turn(clock) -> None:
    pool = KeyPool((A, B), clock)
    pool.cool(A, 5, model="m", reason="429")
    assert [order(pool, "m") for _ in range(2)] == ["ba", "ba"]
    clock.now += 5
    assert [order(pool, "m") for _ in range(2)] == ["ab", "ba"]
