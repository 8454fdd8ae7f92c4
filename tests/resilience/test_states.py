import pytest

from resilience.state_changes import Change, StateChange
from resilience.states import States
from resilience.verdict import Signal
from tests.resilience.clocks import Clock, never

KEY = (1, "gpt-4o")
SUCCESS, FAILURE, NOTHING = Signal.SUCCESS, Signal.FAILURE, Signal.NOTHING


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def states(clock):
    return States(clock, never)


@pytest.fixture
def told(states):
    changes = []
    states.on_change = changes.append
    return changes


def ask(state, signal, seconds=None, *, is_connect_failure=False):
    state.begin()
    state.end(signal, seconds, is_connect_failure)


def open_breaker(state):
    for _ in range(5):
        ask(state, FAILURE, is_connect_failure=True)


def test_a_target_is_as_good_as_new_at_first(states):
    state = states.of(KEY)
    assert (state.in_flight, state.available_at, state.last_failed_at) == (0, 0.0, 0.0)
    assert state.first_content_seconds is None
    assert states.of(KEY) is state


def test_requests_in_flight_are_counted(states):
    state = states.of(KEY)
    state.begin()
    state.begin()
    assert state.in_flight == 2
    state.end(NOTHING)
    state.end(SUCCESS, 0.3)
    assert state.in_flight == 0


def test_a_stream_is_in_flight_until_it_ends(states):
    state = states.of(KEY)
    state.begin()
    state.content(0.5)
    assert (state.in_flight, state.without_content) == (1, 0)
    assert state.first_content_seconds == 0.5
    state.leave(is_failure=False)
    assert state.in_flight == 0


def test_the_ends_of_earlier_streams_are_no_sign_that_a_target_is_back(states, clock):
    state = states.of(KEY)
    for _ in range(2):
        state.begin()
        state.content(0.1)
    open_breaker(state)
    clock.now = state.available_at
    state.leave(is_failure=False)
    state.leave(is_failure=False)
    assert not state.breaker.is_closed


def test_the_end_of_an_earlier_stream_leaves_the_slot_to_the_request_that_has_it(states, clock):
    state = states.of(KEY)
    state.begin()
    state.content(0.1)
    open_breaker(state)
    clock.now = state.available_at
    assert state.breaker.try_half_open()
    state.leave(is_failure=False)
    assert not state.breaker.try_half_open()


def test_a_request_that_counts_for_nothing_leaves_the_slot_to_the_one_that_has_it(states, clock):
    state = states.of(KEY)
    assert state.begin() == 0  # from before the target failed
    open_breaker(state)
    clock.now = state.available_at
    assert state.breaker.try_half_open()
    slot = state.begin()
    assert slot
    state.end(NOTHING)
    assert not state.breaker.try_half_open()
    state.end(NOTHING)
    state.breaker.give_back(slot)
    assert state.breaker.try_half_open()


def test_streams_that_break_off_open_the_breaker(states):
    state = states.of(KEY)
    for _ in range(5):
        state.begin()
        state.content(0.1)
        state.leave(is_failure=True)
    assert state.breaker.is_open
    assert state.last_failed_at


def test_a_long_stream_does_not_keep_a_target_from_coming_back(states, clock):
    state = states.of(KEY)
    open_breaker(state)
    clock.now = state.available_at
    ask(state, SUCCESS, 0.1)
    ask(state, SUCCESS, 0.1)
    state.begin()
    assert state.is_returning
    state.content(0.1)
    assert not state.is_returning


def test_a_cooldown_ends_when_it_was_said_to(states, clock, told):
    state = states.of(KEY)
    assert state.cool(30.0, "It is overloaded.") == 30.0
    assert state.available_at == clock.now + 30.0
    assert told == [
        StateChange(
            key=KEY, change=Change.COOLED, ends_at=clock.now + 30.0, reason="It is overloaded."
        )
    ]
    clock.move(30.0)
    assert state.available_at == 0.0


def test_a_shorter_cooldown_does_not_end_a_longer_one(states, told):
    state = states.of(KEY)
    state.cool(300.0, "long")
    assert state.cool(2.0, "short") == 300.0
    assert (state.reason, len(told)) == ("long", 1)


def test_cooldowns_that_double_end_at_60_seconds_and_begin_again_after_a_success(states, clock):
    state = states.of(KEY)
    lasted = []
    for _ in range(6):
        lasted.append(state.cool(5.0, "limit", doubles=True))
        clock.now = state.cooling_until
    assert lasted == [5, 10, 20, 40, 60, 60]
    ask(state, SUCCESS, 0.2)
    assert state.cool(5.0, "limit", doubles=True) == 5.0


def test_requests_that_are_refused_at_once_double_once(states):
    state = states.of(KEY)
    assert [state.cool(5.0, "limit", doubles=True) for _ in range(20)] == [5.0] * 20


def test_openings_and_closings_are_told_with_their_ends(states, clock, told):
    state = states.of(KEY)
    open_breaker(state)
    assert state.last_failed_at == clock.now
    assert state.available_at == clock.now + 3.0
    clock.move(3.0)
    ask(state, SUCCESS)
    ask(state, SUCCESS)
    assert [(each.change, each.ends_at) for each in told] == [
        (Change.OPENED, clock.now),
        (Change.CLOSED, 0.0),
    ]


def test_a_target_that_is_back_owes_three_successes(states, clock):
    state = states.of(KEY)
    open_breaker(state)
    clock.move(3.0)
    ask(state, SUCCESS, 0.1)
    ask(state, SUCCESS, 0.1)
    assert (state.successes_owed, state.samples) == (3, 0)
    ask(state, FAILURE)
    ask(state, SUCCESS, 0.1)
    assert state.successes_owed == 2


def test_the_time_to_the_first_content_has_a_half_life_of_ten_seconds(states, clock):
    state = states.of(KEY)
    state.begin()  # one stays in flight, so that the mean does not shrink
    ask(state, SUCCESS, 4.0)
    clock.move(10.0)
    ask(state, SUCCESS, 1.0)
    assert state.first_content_seconds == pytest.approx((4.0 * 0.5 + 1.0) / 1.5)
    assert state.samples == 2


def test_samples_of_one_moment_count_alike(states):
    state = states.of(KEY)
    for seconds in (1.0, 2.0, 6.0):
        ask(state, SUCCESS, seconds)
    assert state.first_content_seconds == pytest.approx(3.0)


def test_a_target_that_is_not_asked_gets_another_chance(states, clock):
    state = states.of(KEY)
    ask(state, SUCCESS, 8.0)
    clock.move(20.0)
    assert state.first_content_seconds == pytest.approx(2.0)


def test_reviving_ends_everything_and_is_told(states, told):
    state = states.of(KEY)
    open_breaker(state)
    state.cool(60.0, "limit")
    state.revive()
    assert state.available_at == 0.0
    assert told[-1] == StateChange(key=KEY, change=Change.CLOSED)


def test_reviving_a_target_that_only_cools_needs_no_ramp(states):
    state = states.of(KEY)
    state.cool(60.0, "limit")
    state.revive()
    assert (state.available_at, state.successes_owed) == (0.0, 0)


@pytest.mark.parametrize("change", [Change.OPENED, Change.COOLED])
def test_what_another_worker_found_out_holds_here_and_is_not_told_again(
    states, clock, told, change
):
    heard = StateChange(key=KEY, change=change, ends_at=clock.now + 9.0, reason="limit")
    states.hear(heard)
    assert states.of(KEY).available_at == clock.now + 9.0
    assert states.of(KEY).reason == "limit"
    states.hear(StateChange(key=KEY, change=change, ends_at=clock.now + 4.0))
    assert states.of(KEY).available_at == clock.now + 9.0
    states.hear(StateChange(key=KEY, change=Change.CLOSED))
    assert states.of(KEY).available_at == 0.0
    assert told == []


def test_targets_that_are_gone_are_forgotten(states):
    kept, gone = states.of(KEY), states.of((2, "x"))
    states.forget_except([KEY])
    assert states.of(KEY) is kept
    assert states.known() == [kept]
    assert states.of((2, "x")) is not gone
    states.reset()
    assert states.known() == []


def test_a_target_that_is_gone_is_known_while_it_is_busy_or_rests(states, clock):
    busy, cooling, failing = (states.of((number, "m")) for number in range(3))
    busy.begin()
    cooling.cool(60.0, "limit")
    open_breaker(failing)
    states.forget_except([])
    assert states.known() == [busy, cooling, failing]
    busy.end(SUCCESS, 0.1)
    clock.move(61.0)
    states.forget_except([])
    assert states.known() == []
