from __future__ import annotations

import asyncio
from collections.abc import Sequence

from limits.admission.asking import Asker
from limits.admission.holds import Hold
from limits.choices import Metric, Window
from limits.matches import Matched
from limits.meters.interface import Ask, Base, MeterKind, Refused, Settlement, Taken, Unknown, Use
from limits.meters.memory import MemoryMeters
from tests.limits.rules import a_rule

SLOT = Ask("1::concurrency", MeterKind.SLOTS, 1, 1, 1)
DAY = Ask("2::1:requests", MeterKind.PERIOD, 1, 1, 1, ends_at=4e9)


class CountingMeters(MemoryMeters):
    """Meters that tell when they are asked."""

    takes = 0

    async def take(self, reservation: str, asks: Sequence[Ask]) -> Taken | Refused | Unknown:
        self.takes += 1
        return await super().take(reservation, asks)


async def nothing_used(asks: Sequence[Ask]) -> list[Base]:
    return [Base(ask.meter, 0, 0, ask.ends_at) for ask in asks]


def hold(ask: Ask) -> Hold:
    window = Window.NONE if ask.kind is MeterKind.SLOTS else Window.DAY
    metric = Metric.CONCURRENCY if ask.kind is MeterKind.SLOTS else Metric.REQUESTS
    rule = a_rule(metric=metric, window=window, amount=ask.amount)
    return Hold(Matched.of(rule, ""), ask, "", 1, 0, may_be_cut=False)


def an_asker(meters: MemoryMeters) -> Asker:
    looks = (0.0, 0.0)
    return Asker(meters, local=MemoryMeters(), find_bases=nothing_used, second_looks=looks)


async def test_a_slot_whose_settlement_is_on_its_way_is_waited_for() -> None:
    meters = CountingMeters()
    asker = an_asker(meters)
    await asker.ask("one", [hold(SLOT)])
    asking = asyncio.ensure_future(asker.ask("two", [hold(SLOT)]))
    await asyncio.sleep(0)
    assert not asking.done()
    meters.settle(Settlement("one", (Use(SLOT.meter, SLOT.kind, 1),)))
    assert not (await asking).over


async def test_a_slot_that_stays_taken_is_refused_after_two_more_looks() -> None:
    meters = CountingMeters()
    asker = an_asker(meters)
    await asker.ask("one", [hold(SLOT)])
    meters.takes = 0
    assert (await asker.ask("two", [hold(SLOT)])).over
    assert meters.takes == 3


async def test_another_limit_is_refused_at_once() -> None:
    meters = CountingMeters()
    asker = an_asker(meters)
    holds = [hold(SLOT._replace(amount=5)), hold(DAY)]
    await asker.ask("one", holds)
    meters.takes = 0
    assert (await asker.ask("two", holds)).over
    assert meters.takes == 1
