import pytest

from resilience.hedging import Hedge, Hedges
from resilience.policy import Policy

HEDGES = Policy(hedges=True)


def test_nothing_is_hedged_unless_the_policy_says_so():
    assert Hedge().after_seconds(Policy(), 100) is None


@pytest.mark.parametrize(("size", "is_hedged"), [(64 * 1024, True), (64 * 1024 + 1, False)])
def test_large_requests_are_not_hedged(size, is_hedged):
    assert (Hedge().after_seconds(HEDGES, size) is not None) is is_hedged


def test_the_first_target_has_as_long_as_95_of_100_requests_take():
    hedge = Hedge()
    for hundredths in range(1, 101):
        hedge.note_content(hundredths / 10)
    assert hedge.after_seconds(HEDGES, 100) == 9.5


def test_the_first_target_has_half_a_second_in_any_case():
    hedge = Hedge()
    hedge.note_content(0.01)
    assert hedge.after_seconds(Policy(hedges=True, hedge_after_seconds=0.1), 100) == 0.5


def test_the_first_target_has_the_time_of_the_policy_at_least():
    assert Hedge().after_seconds(Policy(hedges=True, hedge_after_seconds=2.5), 100) == 2.5


def test_one_of_twenty_requests_is_hedged_after_the_first_hedge():
    hedge = Hedge()
    sent = 0
    for _ in range(1000):
        hedge.note_first()
        sent += hedge.spend()
    assert 50 <= sent <= 51


def test_a_hedge_that_is_not_sent_counts_for_nothing():
    hedge = Hedge()
    assert hedge.spend()
    assert not hedge.spend()
    hedge.give_back()
    assert hedge.spend()


def test_old_requests_say_nothing():
    hedge = Hedge()
    for seconds in [60.0] * 500 + [1.0] * 200:
        hedge.note_content(seconds)
    assert hedge.after_seconds(HEDGES, 100) == 1.0


def test_each_route_has_its_own():
    hedges = Hedges()
    hedges.of("a").note_content(3.0)
    assert hedges.of("a").after_seconds(HEDGES, 100) == 3.0
    assert hedges.of("b").after_seconds(HEDGES, 100) == 0.5
    hedges.reset()
    assert hedges.of("a").after_seconds(HEDGES, 100) == 0.5
