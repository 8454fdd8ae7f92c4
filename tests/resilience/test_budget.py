from hypothesis import given
from hypothesis import strategies as st

from resilience.breaker import LEAST_OUTCOMES
from resilience.budget import RetryBudgets
from tests.resilience.clocks import Clock


def spent(budget, most=1000):
    return sum(budget.spend() for _ in range(most))


def test_a_fresh_connection_has_enough_for_its_breaker_to_open():
    assert spent(RetryBudgets(Clock()).of(1)) == 15 >= LEAST_OUTCOMES


def test_first_attempts_give_their_percentage():
    budget = RetryBudgets(Clock()).of(1)
    spent(budget)
    for _ in range(40):
        budget.note_first(25)
    assert spent(budget) == 10


def test_ten_seconds_are_saved_up_at_most():
    clock = Clock()
    budget = RetryBudgets(clock).of(1)
    clock.move(3600.0)
    assert spent(budget) == 30
    clock.move(3600.0)
    for _ in range(3600):  # one a second, of which ten seconds count
        budget.note_first(20)
    assert spent(budget) == 32


def test_much_traffic_saves_up_as_many_seconds_as_little():
    clock = Clock()
    budget = RetryBudgets(clock).of(1)
    for _ in range(60):
        clock.move(1.0)
        for _ in range(49):
            budget.note_first(20)
        assert budget.spend()  # looks at what was gained
    left = spent(budget)
    assert 100 <= left <= 135  # of ten seconds at 3 + 9.8 a second


def test_an_attempt_that_is_not_made_costs_nothing():
    budget = RetryBudgets(Clock()).of(1)
    for _ in range(10):
        assert budget.spend()
        budget.give_back()
    assert spent(budget) == 15


def test_each_connection_has_its_own():
    budgets = RetryBudgets(Clock())
    spent(budgets.of(1))
    assert budgets.of(2).spend()
    assert not budgets.of(1).spend()
    budgets.reset()
    assert budgets.of(1).spend()


def test_connections_that_are_gone_are_forgotten():
    budgets = RetryBudgets(Clock())
    kept, gone = budgets.of(1), budgets.of(2)
    budgets.forget_except({1})
    assert budgets.of(1) is kept
    assert budgets.of(2) is not gone


def test_a_dead_upstream_at_100_requests_a_second_gets_a_quarter_more_at_most():
    clock = Clock()
    budget = RetryBudgets(clock).of(1)
    again = 0
    for _ in range(1000):
        clock.move(0.01)
        budget.note_first(20)
        again += budget.spend()
    assert again <= 250


@given(
    steps=st.lists(
        st.tuples(st.floats(0.0, 20.0), st.integers(0, 30), st.integers(0, 60)), max_size=30
    )
)
def test_it_never_gives_more_than_it_gained(steps):
    clock = Clock()
    budget = RetryBudgets(clock).of(1)
    began, firsts, given_out = clock.now, 0, 0
    for pause, first_attempts, wanted in steps:
        clock.move(pause)
        for _ in range(first_attempts):
            budget.note_first(20)
        got = spent(budget, wanted)
        firsts += first_attempts
        assert got <= 30 + 0.2 * firsts + 1e-6
        given_out += got
        assert given_out <= 15 + 0.2 * firsts + 3.0 * (clock.now - began) + 1e-6
