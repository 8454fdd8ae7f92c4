from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from resilience.route import RouteTarget
from resilience.weighted import Turns


def targets(*weights):
    return [
        RouteTarget(connection_id=n, model="m", weight=weight) for n, weight in enumerate(weights)
    ]


def firsts(turns, candidates, times):
    return [turns.in_turn("a", candidates)[0].connection_id for _ in range(times)]


def test_turns_are_smooth():
    assert firsts(Turns(), targets(5, 1, 1), 7) == [0, 0, 1, 0, 2, 0, 0]


@given(weights=st.lists(st.integers(1, 12), min_size=2, max_size=5), rounds=st.integers(1, 3))
def test_turns_are_exact_after_each_round_and_smooth_within(weights, rounds):
    turns, candidates, total = Turns(), targets(*weights), sum(weights)
    got = firsts(turns, candidates, total * rounds)
    assert Counter(got) == {n: weight * rounds for n, weight in enumerate(weights)}
    for length in range(1, len(got) + 1):
        counted = Counter(got[:length])
        for n, weight in enumerate(weights):
            assert abs(counted[n] - length * weight / total) < len(weights)


def test_all_candidates_follow_each_once():
    assert {each.connection_id for each in Turns().in_turn("a", targets(3, 2, 0))} == {0, 1, 2}


def test_a_weight_of_zero_gets_no_turn():
    turns = Turns()
    assert set(firsts(turns, targets(0, 1, 2), 9)) == {1, 2}
    assert turns.in_turn("a", targets(0, 1, 2))[-1].connection_id == 0


def test_targets_that_all_weigh_nothing_stay_in_order():
    assert firsts(Turns(), targets(0, 0), 3) == [0, 0, 0]


def test_routes_and_tiers_take_turns_by_themselves():
    turns, candidates = Turns(), targets(1, 1)
    assert turns.in_turn("a", candidates)[0].connection_id == 0
    assert turns.in_turn("b", candidates)[0].connection_id == 0
    assert turns.in_turn("a", candidates)[0].connection_id == 1
    turns.reset()
    assert turns.in_turn("a", candidates)[0].connection_id == 0


def test_only_the_turns_of_targets_that_are_gone_are_forgotten():
    turns, [kept, gone] = Turns(), targets(1, 1)
    assert firsts(turns, [kept, gone], 1) == [0]
    turns.forget_except({kept.key})
    assert firsts(turns, [kept, gone], 1) == [1]
    turns.forget_except(set())
    assert firsts(turns, [kept, gone], 1) == [0]
