from __future__ import annotations

import pytest

from limits.meters.interface import RENEW_SECONDS, Base, MeterKind, Settlement, Use
from limits.meters.reservations import MOST_SETTLED, MeterAmount, Reservations

DAY = MeterAmount("1:u1:1:usd", MeterKind.PERIOD, 5, 9, limit=100, ends_at=2e9)
WEEK = DAY._replace(meter="2:u1:1:usd")
SLOTS = MeterAmount("3:u1:concurrency", MeterKind.SLOTS, 1, 1, limit=2)
BUCKET = MeterAmount("4:u1:tokens", MeterKind.BUCKET, 7, 7, window_us=60_000_000, limit=100)


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def known(clock):
    return Reservations(clock)


def used(*holds, reservation="r", amount=3):
    uses = (Use(one.meter, one.kind, amount, one.window_us, one.limit) for one in holds)
    return Settlement(reservation, tuple(uses))


def base(hold, *reservations):
    return Base(hold.meter, 3, 1, 2e9, reservations)


def test_what_runs_is_due_from_time_to_time(known, clock):
    known.take("a", [DAY])
    clock.at = 1.0
    known.take("b", [SLOTS])
    assert list(known.due()) == []
    clock.at = RENEW_SECONDS
    assert list(known.due()) == [("a", (DAY,))]
    assert list(known.due()) == []
    clock.at = RENEW_SECONDS + 1
    assert list(known.due()) == [("b", (SLOTS,))]
    assert list(known.due(is_all=True)) == [("a", (DAY,)), ("b", (SLOTS,))]


def test_what_was_taken_locally_is_due_at_once(known):
    known.take("a", [DAY])
    known.take_locally("b", [SLOTS])
    assert list(known.due()) == [("b", (SLOTS,))]
    assert list(known.due()) == []


def test_meters_that_are_not_used_are_released(known):
    known.take("r", [DAY, SLOTS])
    known.take("r", [BUCKET])
    uses = known.settle(used(DAY))
    assert uses is not None
    assert {one.meter: (one.amount, one.worst) for one in uses} == {
        DAY.meter: (3, 0),
        SLOTS.meter: (0, 0),
        BUCKET.meter: (0, 0),
    }
    assert list(known.running()) == []


def test_a_second_settlement_is_none(known):
    known.take("r", [DAY])
    assert known.settle(used(DAY))
    assert known.settle(used(DAY, amount=4)) is None


def test_what_was_settled_is_remembered_until_all_its_periods_are_stored(known):
    known.take("r", [DAY, WEEK])
    known.settle(used(DAY, WEEK))
    known.flushed([base(DAY, "r")])
    [(_, uses)] = known.unflushed()
    assert [one.meter for one in uses] == [WEEK.meter]
    known.flushed([base(WEEK, "r")])
    assert len(known) == 0


def test_what_uses_no_period_is_not_remembered(known):
    known.settle(used(SLOTS, BUCKET))
    known.settle(used(DAY, amount=0, reservation="free"))
    assert len(known) == 0


def test_what_was_stored_first_adds_nothing_and_is_not_remembered(known):
    known.take("r", [DAY])
    known.flushed([base(DAY, "r")])
    uses = known.settle(used(DAY))
    assert uses is not None
    assert [one.amount for one in uses] == [0]
    assert len(known) == 0


def test_buckets_that_are_full_again_are_not_posted_again(known, clock):
    known.settle(used(DAY, BUCKET))
    assert [len(uses) for _, uses in known.unflushed()] == [2]
    clock.at = 60.0
    assert [len(uses) for _, uses in known.unflushed()] == [1]


def test_memory_is_bounded_while_the_database_is_away(known):
    for number in range(MOST_SETTLED + 10):
        known.settle(used(DAY, reservation=str(number)))
    assert len(known) == MOST_SETTLED
    assert next(known.unflushed())[0] == "10"
