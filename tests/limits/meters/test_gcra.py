from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from limits.meters import gcra

MINUTE_US = 60_000_000
AMOUNTS = st.integers(1, 10**13)  # up to ten thousand dollars, in billionths


@pytest.mark.parametrize("amount", [1, 3, 7, 59, 600, 59_999_999, 10**9])
def test_the_whole_amount_fits_and_no_more(amount):
    assert gcra.fits(0, amount, MINUTE_US, amount)
    assert not gcra.fits(0, amount, MINUTE_US, amount + 1)


@pytest.mark.parametrize("amount", [1, 7, 59, 600])
def test_the_amount_fits_one_by_one_and_no_more(amount):
    tat_us = 0
    for count in range(amount):
        assert gcra.used(tat_us, amount, MINUTE_US) == count
        assert gcra.fits(tat_us, amount, MINUTE_US, 1)
        tat_us = gcra.moved(tat_us, 0, gcra.cost_us(1, amount, MINUTE_US))
    assert not gcra.fits(tat_us, amount, MINUTE_US, 1)


@given(amount=AMOUNTS, level=st.integers(0, MINUTE_US), count=st.integers(1, 10**13))
def test_it_fits_exactly_after_the_time_that_is_told(amount, level, count):
    wait = gcra.retry_us(level, amount, MINUTE_US, count)
    if wait is None:
        assert count > amount
        assert not gcra.fits(0, amount, MINUTE_US, count)
        return
    assert gcra.fits(max(0, level - wait), amount, MINUTE_US, count)
    if wait > 0:
        assert not gcra.fits(level - wait + 1, amount, MINUTE_US, count)


@given(amount=AMOUNTS, count=st.integers(0, 10**13), now_us=st.integers(0, 2**51))
def test_what_is_released_leaves_the_bucket_as_it_was(amount, count, now_us):
    cost = gcra.cost_us(count, amount, MINUTE_US)
    assume(cost <= gcra.LONGEST_US)
    taken = gcra.moved(now_us, now_us, cost)
    assert gcra.moved(taken, now_us, -cost) == now_us


def test_what_comes_back_late_never_overfills():
    tat_us = gcra.moved(0, 0, gcra.cost_us(10, 10, MINUTE_US))
    tat_us = gcra.moved(tat_us, MINUTE_US, -gcra.cost_us(10, 10, MINUTE_US))
    assert gcra.level_us(tat_us, MINUTE_US) == 0
    tat_us = gcra.moved(tat_us, MINUTE_US, gcra.cost_us(10, 10, MINUTE_US))
    assert gcra.used(gcra.level_us(tat_us, MINUTE_US), 10, MINUTE_US) == 10


@given(old=AMOUNTS, new=AMOUNTS)
def test_a_changed_amount_leaves_what_is_used(old, new):
    level = gcra.rescaled(MINUTE_US, (old, MINUTE_US), (new, MINUTE_US))
    assume(level < gcra.LONGEST_US)
    one_us = -(-new // MINUTE_US)  # what refills in a microsecond
    assert gcra.used(level, new, MINUTE_US) == pytest.approx(old, abs=one_us)


def test_a_longer_window_leaves_what_is_used():
    level = gcra.rescaled(MINUTE_US // 2, (10, MINUTE_US), (100, 60 * MINUTE_US))
    assert gcra.used(level, 100, 60 * MINUTE_US) == 5


def test_a_change_to_nothing_and_back_leaves_the_level():
    level = gcra.rescaled(MINUTE_US // 2, (10, MINUTE_US), (0, MINUTE_US))
    assert gcra.rescaled(level, (0, MINUTE_US), (10, MINUTE_US)) == MINUTE_US // 2


def test_the_smallest_use_counts():
    assert gcra.cost_us(1, 10**12, MINUTE_US) == 1


@pytest.mark.parametrize(("used", "chosen"), [(60, 2), (61, 10), (100, 10), (150, 10)])
def test_the_worst_is_chosen_where_less_than_four_of_it_are_left(used, chosen):
    level = gcra.cost_us(used, 100, MINUTE_US)
    assert gcra.choice(level, 100, MINUTE_US, 2, 10) == chosen
