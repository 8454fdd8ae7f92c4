import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resilience.breaker import Breaker
from resilience.verdict import Signal
from tests.resilience.clocks import Clock, never

SUCCESS, FAILURE, NOTHING = Signal.SUCCESS, Signal.FAILURE, Signal.NOTHING


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return Breaker(clock, never)


def fail_to_connect(breaker, times=5):
    for _ in range(times):
        breaker.note(FAILURE, is_connect_failure=True)


def test_five_connect_failures_in_a_row_open_it(breaker, clock):
    fail_to_connect(breaker, 4)
    assert breaker.is_closed
    assert breaker.note(FAILURE, is_connect_failure=True)
    assert breaker.is_open
    assert (breaker.opened_at, breaker.ends_at) == (clock.now, clock.now + 3.0)


@pytest.mark.parametrize("other", [SUCCESS, FAILURE])
def test_any_other_outcome_breaks_the_row(breaker, other):
    fail_to_connect(breaker, 4)
    for _ in range(5 if other is SUCCESS else 1):
        breaker.note(other)
    fail_to_connect(breaker, 4 if other is FAILURE else 0)
    assert breaker.is_closed


@pytest.mark.parametrize("failures", [4, 5])
def test_half_of_ten_outcomes_open_it(breaker, failures):
    for _ in range(10 - failures):
        breaker.note(SUCCESS)
    for _ in range(failures):
        breaker.note(FAILURE)
    assert breaker.is_open is (failures == 5)


def test_nine_failures_do_not_open_it(breaker):
    for _ in range(9):
        breaker.note(FAILURE)
    assert breaker.is_closed


def test_outcomes_count_for_20_seconds(breaker, clock):
    for _ in range(9):
        breaker.note(FAILURE)
    clock.move(20.1)
    breaker.note(FAILURE)
    assert breaker.is_closed


def test_nobodys_failures_never_count(breaker):
    for _ in range(100):
        assert not breaker.note(NOTHING)
    assert breaker.is_closed


def test_each_opening_lasts_twice_as_long_up_to_300_seconds(breaker, clock):
    fail_to_connect(breaker)
    lasted = []
    for _ in range(9):
        lasted.append(breaker.ends_at - clock.now)
        clock.now = breaker.ends_at
        assert breaker.try_half_open()
        breaker.note(FAILURE, is_connect_failure=True)
    assert lasted == [3, 6, 12, 24, 48, 96, 192, 300, 300]


def test_chance_shortens_an_opening_by_a_quarter_at_most(clock):
    breaker = Breaker(clock, lambda: 0.999999)
    fail_to_connect(breaker)
    assert breaker.ends_at - clock.now == pytest.approx(2.25, abs=0.001)


def test_one_request_at_a_time_finds_out(breaker, clock):
    assert not breaker.try_half_open()
    fail_to_connect(breaker)
    assert not breaker.try_half_open()
    clock.move(3.0)
    assert breaker.try_half_open()
    assert not breaker.try_half_open()
    slot = breaker.claim_slot()
    breaker.note(SUCCESS)
    assert not breaker.try_half_open()
    breaker.give_back(slot)
    assert breaker.try_half_open()


def test_two_successes_close_it_and_the_next_opening_is_short(breaker, clock):
    fail_to_connect(breaker)
    clock.move(3.0)
    assert not breaker.note(SUCCESS)
    assert breaker.note(SUCCESS)
    assert breaker.is_closed
    fail_to_connect(breaker)
    assert breaker.ends_at == clock.now + 3.0


def test_only_the_request_that_has_the_slot_gives_it_back(breaker, clock):
    fail_to_connect(breaker)
    clock.move(3.0)
    assert breaker.claim_slot() == 0
    assert breaker.try_half_open()
    slot = breaker.claim_slot()
    assert slot
    assert breaker.claim_slot() == 0
    breaker.note(NOTHING)  # of another request
    assert not breaker.try_half_open()
    breaker.give_back(slot)
    assert breaker.try_half_open()


def test_a_slot_whose_time_was_over_does_not_give_back_the_next_one(breaker, clock):
    fail_to_connect(breaker)
    clock.move(3.0)
    breaker.try_half_open()
    slow = breaker.claim_slot()
    clock.move(30.0)
    assert breaker.try_half_open()
    breaker.give_back(slow)
    assert not breaker.try_half_open()


def test_a_failure_of_the_probe_leaves_no_slot_to_claim(breaker, clock):
    fail_to_connect(breaker)
    clock.move(3.0)
    assert breaker.try_half_open()
    breaker.note(FAILURE)
    assert breaker.claim_slot() == 0


def test_a_slot_that_nobody_gives_back_is_free_after_30_seconds(breaker, clock):
    fail_to_connect(breaker)
    clock.move(3.0)
    assert breaker.try_half_open()
    clock.move(29.9)
    assert not breaker.try_half_open()
    clock.move(0.1)
    assert breaker.try_half_open()


def test_outcomes_of_requests_from_before_change_nothing_while_it_is_open(breaker):
    fail_to_connect(breaker)
    ends_at = breaker.ends_at
    for signal in (SUCCESS, SUCCESS, FAILURE):
        assert not breaker.note(signal)
    assert breaker.ends_at == ends_at


def test_what_another_worker_found_out_holds_here(breaker, clock):
    breaker.restore(clock.now + 7.0)
    assert breaker.is_open
    breaker.restore(clock.now + 5.0)
    assert breaker.ends_at == clock.now + 7.0
    clock.move(7.0)
    assert breaker.try_half_open()
    breaker.note(FAILURE, is_connect_failure=True)
    assert breaker.ends_at == clock.now + 6.0


@given(
    outcomes=st.lists(
        st.tuples(st.sampled_from([SUCCESS, FAILURE]), st.floats(0.0, 5.0)), max_size=60
    )
)
def test_it_never_stays_closed_while_half_of_ten_outcomes_fail(outcomes):
    clock = Clock()
    breaker = Breaker(clock, never)
    seen = []
    for signal, pause in outcomes:
        clock.move(pause)
        breaker.note(signal)
        seen.append((clock.now, signal))
        within = [each for at, each in seen if at >= clock.now - 20.0]
        is_failing = len(within) >= 10 and within.count(FAILURE) * 2 >= len(within)
        assert breaker.is_closed is not is_failing
        if is_failing:
            return


@settings(max_examples=50)
@given(pauses=st.lists(st.floats(0.001, 3.0), min_size=25, max_size=100))
def test_a_target_that_only_fails_sees_ten_requests_in_20_seconds_at_most(pauses):
    clock = Clock()
    breaker = Breaker(clock, lambda: 0.9)
    asked = []
    for pause in pauses:
        clock.move(pause)
        if breaker.is_closed or breaker.try_half_open():
            asked.append(clock.now)
            breaker.note(FAILURE)
        assert sum(at > clock.now - 20.0 for at in asked) <= 10
