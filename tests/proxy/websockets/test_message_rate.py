"""How often a client may send, by a clock that the test sets."""

from proxy.websockets.message_rate import BURST_SECONDS, MessageRate

PER_SECOND = 4


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_as_many_as_in_five_seconds_may_come_at_once_and_no_more() -> None:
    rate = MessageRate(PER_SECOND, Clock())
    burst = int(PER_SECOND * BURST_SECONDS)
    assert [rate.admits() for _ in range(burst + 3)] == [True] * burst + [False] * 3


def test_a_pause_lets_as_many_come_as_it_had_room_for() -> None:
    clock = Clock()
    rate = MessageRate(PER_SECOND, clock)
    while rate.admits():
        pass
    clock.now += 0.5
    assert [rate.admits() for _ in range(3)] == [True, True, False]


def test_those_beyond_a_burst_are_held_up_one_after_another() -> None:
    clock = Clock()
    rate = MessageRate(PER_SECOND, clock)
    burst = int(PER_SECOND * BURST_SECONDS)
    assert [rate.delay() for _ in range(burst)] == [0] * burst
    for _ in range(5):
        delay = rate.delay()
        assert delay == 1 / PER_SECOND
        clock.now += delay
