from __future__ import annotations

import pytest

from limits.meters.divided import DividedMeters
from limits.meters.interface import Ask, Base, MeterKind, Refused, Settlement, Taken, Use
from limits.meters.local import LocalMeters
from limits.meters.reservations import Reservations
from tests.limits.contract import MINUTE_US, name

ENDS_AT = 4e9


class Workers:
    def __init__(self, count: int) -> None:
        self.count = count

    def __call__(self) -> int:
        return self.count


@pytest.fixture
def reservations():
    return Reservations(lambda: 0.0)


@pytest.fixture
def workers():
    return Workers(4)


@pytest.fixture
def local(reservations, workers):
    return LocalMeters(DividedMeters, reservations, workers)


def bucket(amount: int) -> Ask:
    return Ask("1:u1:requests", MeterKind.BUCKET, amount, 1, 1, MINUTE_US)


def period(amount: int, worst: int = 1, typical: int = 1) -> Ask:
    return Ask("2:u1:1:usd", MeterKind.PERIOD, amount, typical, worst, ends_at=ENDS_AT)


async def taken(local: LocalMeters, ask: Ask, number: int = 20) -> int:
    results = [await local.take(name(), [ask]) for _ in range(number)]
    assert {type(one) for one in results} <= {Taken, Refused}
    return sum(isinstance(one, Taken) for one in results)


@pytest.mark.parametrize(("amount", "share"), [(40, 10), (7, 1), (3, 1), (1, 1), (0, 0)])
async def test_a_worker_has_its_share_of_a_bucket(local, amount, share):
    assert await taken(local, bucket(amount)) == share


async def test_a_worker_has_its_share_of_what_is_left_of_a_period(local):
    await local.seed([Base(period(1).meter, 60, 5, ENDS_AT)])
    assert await taken(local, period(100)) == 10


async def test_the_share_stays_the_same_for_as_long_as_redis_is_away(local, workers):
    assert await taken(local, bucket(40), 5) == 5
    workers.count = 1
    assert await taken(local, bucket(40)) == 5
    local.end()
    assert await taken(local, bucket(40), 50) == 40


async def test_what_this_worker_used_counts_whole_when_it_is_stored(local):
    """Others have used parts of their own, which are not heard of before Redis is back."""
    ask, reservation = period(100), name()
    await local.seed([Base(ask.meter, 0, 0, ENDS_AT)])
    await local.take(reservation, [ask])
    local.settle(Settlement(reservation, (Use(ask.meter, ask.kind, 8),)))
    local.flushed([Base(ask.meter, 8, 1, ENDS_AT, (reservation,))])
    [reading] = await local.read([ask])
    assert (reading.used, reading.amount) == (8, 25)


@pytest.mark.parametrize(("amount", "reserved"), [(1000, 2), (100, 20)])
async def test_redis_is_told_of_the_worst_near_the_amount(local, reservations, amount, reserved):
    ask = period(amount, worst=20, typical=2)
    await local.seed([Base(ask.meter, 0, 0, ENDS_AT)])
    await local.take("r", [ask])
    [(_, (hold,))] = reservations.due()
    assert (hold.amount, hold.worst, hold.limit) == (reserved, 20, amount)


async def test_what_is_settled_before_anything_was_asked_needs_no_meters(local):
    local.settle(Settlement(name(), (Use("m", MeterKind.PERIOD, 1),)))
    local.flushed([Base("m", 1, 1, ENDS_AT)])
    assert not local.is_active
