from __future__ import annotations

import pytest

from limits.meters.divided import DividedMeters
from limits.meters.interface import Ask, Base, MeterKind, Refused, Settlement, Taken, Unknown, Use
from tests.limits.contract import MINUTE_US, name

ENDS_AT = 4e9
PERIOD = "2:u1:1:usd"


def period(amount: int, worst: int = 1) -> Ask:
    return Ask(PERIOD, MeterKind.PERIOD, amount, worst, worst, ends_at=ENDS_AT)


def bucket(amount: int) -> Ask:
    return Ask("1:u1:requests", MeterKind.BUCKET, amount, 1, 1, MINUTE_US)


def slots(amount: int) -> Ask:
    return Ask("1:u1:concurrency", MeterKind.SLOTS, amount, 1, 1)


async def taken(meters: DividedMeters, ask: Ask, number: int = 200) -> list[str]:
    """The reservations that fit."""
    names = [name() for _ in range(number)]
    results = [(one, await meters.take(one, [ask])) for one in names]
    assert {type(result) for _, result in results} <= {Taken, Refused}
    return [one for one, result in results if isinstance(result, Taken)]


@pytest.mark.parametrize("ask", [bucket(40), slots(40), period(40)])
async def test_all_workers_together_let_through_what_one_would(ask: Ask) -> None:
    workers = [DividedMeters(4) for _ in range(4)]
    for one in workers:
        await one.seed([Base(PERIOD, 0, 0, ENDS_AT)])
    assert sum([len(await taken(one, ask)) for one in workers]) == 40


async def test_what_is_stored_by_all_gives_no_worker_more() -> None:
    workers = [DividedMeters(4) for _ in range(4)]
    for one in workers:
        await one.seed([Base(PERIOD, 20, 2, ENDS_AT)])
    used = 20
    for records, one in enumerate(workers * 3, 3):
        names = tuple(await taken(one, period(100)))
        for each in names:
            one.settle(Settlement(each, (Use(PERIOD, MeterKind.PERIOD, 1),)))
        used += len(names)
        one.flushed([Base(PERIOD, used, records, ENDS_AT, names)])
    assert used == 100


async def test_a_request_that_is_settled_after_its_flush_counts_once() -> None:
    meters = DividedMeters(2)
    await meters.seed([Base(PERIOD, 0, 0, ENDS_AT)])
    await meters.take("r", [period(100, 5)])
    meters.flushed([Base(PERIOD, 5, 1, ENDS_AT, ("r", "of another worker"))])
    meters.settle(Settlement("r", (Use(PERIOD, MeterKind.PERIOD, 5),)))
    [reading] = await meters.read([period(100)])
    assert reading is not None
    assert (reading.used, reading.amount) == (5, 50)


async def test_what_was_counted_anew_is_divided_again() -> None:
    meters = DividedMeters(2)
    assert isinstance(await meters.take("r", [period(100)]), Unknown)
    await meters.seed([Base(PERIOD, 10, 1, ENDS_AT)])
    meters.flushed([Base(PERIOD, 61, 2, ENDS_AT)])
    [reading] = await meters.read([period(100)])
    assert reading is not None
    assert reading.used == 31


@pytest.mark.parametrize(("amount", "part"), [(7, 1), (3, 1), (0, 0)])
async def test_a_small_amount_is_one_for_each(amount: int, part: int) -> None:
    assert len(await taken(DividedMeters(4), bucket(amount))) == part
