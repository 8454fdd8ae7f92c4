from collections import Counter
from itertools import cycle

import pytest

from resilience.least_busy import by_load
from resilience.route import RouteTarget
from resilience.states import States
from resilience.verdict import Signal
from tests.resilience.clocks import Clock, never

TARGETS = [RouteTarget(connection_id=n, model="m") for n in range(3)]


@pytest.fixture
def states():
    return States(Clock(), never)


def measure(states, target, seconds, times=3):
    for _ in range(times):
        state = states.of(target.key)
        state.begin()
        state.end(Signal.SUCCESS, seconds)


def first(states, targets=TARGETS[:2], rng=never):
    return by_load(targets, states, rng)[0].connection_id


def test_the_quicker_of_two_comes_first(states):
    measure(states, TARGETS[0], 2.0)
    measure(states, TARGETS[1], 1.0)
    assert first(states) == 1


def test_the_less_busy_of_two_comes_first(states):
    for each in TARGETS:
        measure(states, each, 1.0)
    states.of(TARGETS[0].key).begin()
    assert first(states) == 1


def test_time_and_requests_in_flight_are_multiplied(states):
    measure(states, TARGETS[0], 3.0)
    measure(states, TARGETS[1], 1.0)
    states.of(TARGETS[1].key).begin()
    assert first(states) == 1
    states.of(TARGETS[1].key).begin()
    states.of(TARGETS[1].key).begin()
    assert first(states) == 0


def test_weight_divides_the_load(states):
    heavy = RouteTarget(connection_id=0, model="m", weight=4)
    measure(states, heavy, 3.0)
    measure(states, TARGETS[1], 1.0)
    assert first(states, [heavy, TARGETS[1]]) == 0


def test_a_target_of_no_weight_comes_last(states):
    idle = RouteTarget(connection_id=0, model="m", weight=0)
    assert first(states, [idle, TARGETS[1]]) == 1


def test_a_new_target_counts_as_the_median_of_its_tier(states):
    measure(states, TARGETS[0], 1.0)
    measure(states, TARGETS[1], 9.0)
    in_order = by_load([*TARGETS[:2], TARGETS[2]], states, never)
    assert [each.connection_id for each in in_order] == [0, 2, 1]


def test_a_new_target_is_asked_one_request_at_a_time_until_it_has_three_samples(states):
    measure(states, TARGETS[0], 60.0)
    measure(states, TARGETS[1], 1.0, times=2)
    states.of(TARGETS[1].key).begin()
    assert first(states) == 0
    states.of(TARGETS[1].key).end(Signal.SUCCESS, 1.0)
    states.of(TARGETS[1].key).begin()
    assert first(states) == 1


def test_only_two_are_compared_and_the_others_follow_by_load(states):
    for each, seconds in zip(TARGETS, (2.0, 3.0, 1.0), strict=True):
        measure(states, each, seconds)
    in_order = by_load(TARGETS, states, never)  # chance compares the first two
    assert [each.connection_id for each in in_order] == [0, 2, 1]


def test_equal_targets_are_asked_by_chance(states):
    chance = cycle([0.05, 0.35, 0.65, 0.95, 0.2])
    counted = Counter(first(states, TARGETS, lambda: next(chance)) for _ in range(300))
    assert set(counted) == {0, 1, 2}
