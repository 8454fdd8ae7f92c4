from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resilience.affinity import by_affinity
from resilience.ordering import ordered
from resilience.route import NO_ROUTE, Route, RouteTarget, Strategy
from resilience.states import States
from resilience.verdict import Signal
from tests.resilience.clocks import Clock, never


def target(connection_id, tier=1, weight=1):
    return RouteTarget(connection_id=connection_id, model="m", tier=tier, weight=weight)


A, B, C = target(1), target(2), target(3)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def states(clock):
    return States(clock, never)


def open_breaker(states, each):
    for _ in range(5):
        states.of(each.key).begin()
        states.of(each.key).end(Signal.FAILURE, None, True)


def succeed(states, each):
    state = states.of(each.key)
    slot = state.begin()
    state.end(Signal.SUCCESS, 0.1)
    state.breaker.give_back(slot)


@pytest.mark.parametrize("candidates", [[], [A]], ids=["none", "one"])
def test_no_order_is_made_of_one(states, candidates):
    states.of(A.key).cool(60.0, "limit")
    assert ordered(candidates, NO_ROUTE, states) == candidates


def test_lower_tiers_come_first_and_a_tier_stays_in_order(states):
    late, early = target(4, tier=3), target(5, tier=1)
    assert ordered([late, B, A, early], NO_ROUTE, states) == [B, A, early, late]


def test_those_that_cool_come_last_whatever_their_tier(states, clock):
    spare = target(9, tier=2)
    states.of(A.key).cool(5.0, "limit")
    assert ordered([A, spare], NO_ROUTE, states) == [spare, A]
    clock.move(5.0)
    assert ordered([A, spare], NO_ROUTE, states) == [A, spare]


def test_an_open_breaker_comes_last(states):
    open_breaker(states, A)
    assert ordered([A, B], NO_ROUTE, states) == [B, A]


def test_of_all_that_fail_the_least_recently_failed_is_asked(states, clock):
    for each in (B, A, C):
        states.of(each.key).cool(60.0, "limit")
        clock.move(1.0)
    assert ordered([A, B, C], NO_ROUTE, states) == [B, A, C]


def test_one_request_finds_out_whether_a_target_is_back(states, clock):
    open_breaker(states, A)
    clock.move(3.0)
    assert ordered([B, A], NO_ROUTE, states) == [A, B]
    assert ordered([B, A], NO_ROUTE, states) == [B, A]


def test_nothing_is_found_out_without_an_alternative(states, clock):
    open_breaker(states, A)
    clock.move(3.0)
    states.of(B.key).cool(60.0, "limit")
    assert ordered([B, A], NO_ROUTE, states) == [A, B]
    assert states.of(A.key).breaker.try_half_open()


def test_a_higher_tier_is_not_tried_out_while_a_lower_one_serves(states, clock):
    spare = target(9, tier=2)
    open_breaker(states, spare)
    clock.move(3.0)
    assert ordered([A, spare], NO_ROUTE, states) == [A, spare]
    assert states.of(spare.key).breaker.try_half_open()


def test_a_lower_tier_is_tried_out_while_a_higher_one_serves(states, clock):
    spare = target(9, tier=2)
    open_breaker(states, A)
    clock.move(3.0)
    assert ordered([A, spare], NO_ROUTE, states) == [A, spare]


@pytest.mark.parametrize("hindered", ["cooling", "weightless"])
def test_a_half_open_target_that_should_not_be_asked_is_not_tried_out(states, clock, hindered):
    each = target(1, weight=0) if hindered == "weightless" else A
    open_breaker(states, each)
    if hindered == "cooling":
        states.of(each.key).cool(60.0, "limit")
    clock.move(3.0)
    assert ordered([each, B], NO_ROUTE, states) == [B, each]


def test_a_target_that_is_back_gets_one_request_at_a_time_then_all(states, clock):
    open_breaker(states, A)
    clock.move(3.0)
    for _ in range(2):
        assert ordered([A, B], NO_ROUTE, states)[0] is A
        succeed(states, A)
    state = states.of(A.key)
    for _ in range(3):
        assert ordered([A, B], NO_ROUTE, states) == [A, B]
        state.begin()
        assert ordered([A, B], NO_ROUTE, states) == [B, A]
        state.end(Signal.SUCCESS, 0.1)
    state.begin()
    assert ordered([A, B], NO_ROUTE, states) == [A, B]


def test_targets_that_return_stand_before_those_that_fail(states, clock):
    open_breaker(states, A)
    clock.move(3.0)
    succeed(states, A)
    succeed(states, A)
    states.of(A.key).begin()
    states.of(B.key).cool(60.0, "limit")
    assert ordered([B, A], NO_ROUTE, states) == [A, B]


def test_weights_count_among_those_that_can_be_asked(states):
    route = Route(model="r", strategy=Strategy.WEIGHTED)
    heavy = target(7, weight=3)
    assert Counter(ordered([A, heavy], route, states)[0] for _ in range(8)) == {A: 2, heavy: 6}
    states.of(heavy.key).cool(60.0, "limit")
    assert [ordered([A, B, heavy], route, states)[0] for _ in range(4)].count(A) == 2


@pytest.mark.parametrize("strategy", [Strategy.LEAST_BUSY, Strategy.LATENCY])
def test_load_counts_within_a_tier(states, strategy):
    route = Route(model="r", strategy=strategy)
    spare = target(9, tier=2)
    states.of(A.key).begin()
    assert ordered([A, B, spare], route, states) == [B, A, spare]


def test_the_cheapest_comes_first_within_a_tier(states):
    route = Route(model="r", strategy=Strategy.COST)
    spare = target(9, tier=2)
    prices = {A.key: 3.0, B.key: 1.0, C.key: 2.0, spare.key: 0.0}
    found = ordered([A, B, C, spare], route, states, price=lambda each: prices[each.key])
    assert found == [B, C, A, spare]


def test_without_prices_the_order_stays(states):
    assert ordered([B, A], Route(strategy=Strategy.COST), states) == [B, A]


def test_affinity_keeps_a_conversation_at_one_target_until_it_cools(states):
    route = Route(model="r", strategy=Strategy.AFFINITY)
    three = [A, B, C]
    home, second, _ = by_affinity(three, states, b"s")
    assert [ordered(three, route, states, affinity=b"s")[0] for _ in range(50)] == [home] * 50
    states.of(home.key).cool(60.0, "limit")
    assert [ordered(three, route, states, affinity=b"s")[0] for _ in range(50)] == [second] * 50


def test_requests_of_no_conversation_go_in_turn(states):
    route = Route(model="r", strategy=Strategy.AFFINITY)
    assert [ordered([A, B], route, states)[0] for _ in range(4)] == [A, B, A, B]


@pytest.mark.parametrize("strategy", [Strategy.FIRST, Strategy.WEIGHTED, Strategy.LEAST_BUSY])
def test_of_25_straight_500s_ten_reach_a_target(states, clock, strategy):
    route = Route(model="r", strategy=strategy)
    asked = Counter()
    for _ in range(60):
        clock.move(0.3)
        first = ordered([A, B], route, states)[0]
        asked[first] += 1
        states.of(first.key).begin()
        states.of(first.key).end(*((Signal.FAILURE,) if first is A else (Signal.SUCCESS, 9.0)))
    assert asked[A] <= 10
    assert asked[B] >= 50


@given(
    strategy=st.sampled_from(Strategy),
    tiers=st.lists(st.integers(1, 3), max_size=6),
    cooling=st.sets(st.integers(0, 5)),
    affinity=st.binary(max_size=4),
)
def test_every_candidate_is_there_once_and_those_that_cool_are_last(
    strategy, tiers, cooling, affinity
):
    states = States(Clock(), never)
    candidates = [target(n, tier=tier) for n, tier in enumerate(tiers)]
    for n in cooling:
        states.of((n, "m")).cool(60.0, "limit")
    route = Route(model="r", strategy=strategy)
    found = ordered(candidates, route, states, affinity=affinity, price=lambda _: 1.0)
    assert sorted(each.connection_id for each in found) == list(range(len(tiers)))
    if len(found) > 1:
        able = [each for each in found if each.connection_id not in cooling]
        assert found[: len(able)] == able
        assert [each.tier for each in able] == sorted(each.tier for each in able)
