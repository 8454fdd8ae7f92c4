import pytest

from usage.histograms import BOUNDS_MS, COUNTERS, histogram_of, percentile


def test_each_duration_is_in_the_first_counter_that_has_room_for_it():
    assert COUNTERS == 12
    assert histogram_of([0, 50]) == [2] + [0] * 11
    assert histogram_of(BOUNDS_MS) == [1] * 11 + [0]
    assert histogram_of([bound + 1 for bound in BOUNDS_MS]) == [0] + [1] * 11


def test_nothing_has_no_percentile():
    assert percentile(histogram_of([]), 95) is None


@pytest.mark.parametrize(("percent", "most_off"), [(50, 10), (95, 50), (99, 50)])
def test_a_percentile_is_about_that_of_the_durations(percent, most_off):
    durations = list(range(1, 1001))
    found = percentile(histogram_of(durations), percent)
    assert abs(found - percent * 10) <= most_off


def test_what_is_beyond_all_bounds_has_an_end():
    assert percentile(histogram_of([10**7]), 50) == 2 * BOUNDS_MS[-1]
