import pytest
from hypothesis import given
from hypothesis import strategies as st

from resilience.backoff import backoff_seconds, jittered


@pytest.mark.parametrize(
    ("attempt", "most"), [(0, 0.25), (1, 0.5), (2, 1.0), (3, 2.0), (4, 2.0), (1000, 2.0)]
)
def test_the_longest_wait_doubles_up_to_two_seconds(attempt, most):
    assert backoff_seconds(attempt, lambda: 1.0) == most
    assert backoff_seconds(attempt, lambda: 0.5) == most / 2


@given(attempt=st.integers(0, 100))
def test_the_jitter_is_full(attempt):
    assert backoff_seconds(attempt, lambda: 0.0) == 0.0
    assert 0.0 <= backoff_seconds(attempt) <= 2.0


def test_a_jittered_wait_is_up_to_a_fifth_longer():
    assert jittered(10.0, lambda: 0.0) == 10.0
    assert jittered(10.0, lambda: 1.0) == 12.0
    assert 10.0 <= jittered(10.0) <= 12.0
