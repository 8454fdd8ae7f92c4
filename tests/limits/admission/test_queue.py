from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import pytest

from limits.admission.fair_order import Place, Priority
from limits.admission.queue import MOST, MOST_OF_A_KEY, Ticket, WaitingQueue
from limits.choices import Metric, SubjectKind
from limits.meters.interface import Ask, MeterKind, Refused, Settlement
from limits.meters.memory import MemoryMeters
from limits.refusals import LimitReachedError, NeverFitsError
from limits.rule import Rule
from tests.support.virtual_time import in_virtual_time, virtual_now

RULE = Rule(
    id=1,
    label="Interns",
    subject_kind=SubjectKind.EVERYONE,
    metric=Metric.CONCURRENCY,
    amount=1,
    wait_seconds=60.0,
)
ONE_SLOT = Ask("1::concurrency", MeterKind.SLOTS, 1, 1, 1)
OTHER_SLOT = Ask("2::concurrency", MeterKind.SLOTS, 1, 1, 1)


def a_minute(amount: int, worst: int = 1) -> Ask:
    return Ask("1::requests", MeterKind.BUCKET, amount, worst, worst, 60_000_000)


class Gate:
    """Meters, a queue before them, and the order in which requests came through."""

    def __init__(self) -> None:
        self.meters = MemoryMeters(virtual_now)
        self.queue = WaitingQueue(virtual_now)
        self.admitted: list[str] = []

    def attempt(self, label: str, *asks: Ask) -> Callable[[], Awaitable[str]]:
        reservation = uuid.uuid4().hex

        async def take() -> str:
            result = await self.meters.take(reservation, asks)
            if isinstance(result, Refused):
                reading = result.readings[result.over[0]]
                raise LimitReachedError(RULE, reading, reading.retry_seconds)
            self.admitted.append(label)
            return reservation

        return take

    async def admit(
        self, label: str, *asks: Ask, place: Place | None = None, seconds: float = 60.0
    ) -> str:
        take = self.attempt(label, *asks)
        refused = self.queue.ahead([ask.meter for ask in asks])
        if refused is None:
            try:
                return await take()
            except LimitReachedError as error:
                refused = error
        return await self.queue.wait(Ticket(place or Place(label), seconds), refused, take)

    async def request(self, label: str, *asks: Ask, lasts: float, place: Place) -> None:
        reservation = await self.admit(label, *asks, place=place, seconds=600.0)
        await asyncio.sleep(lasts)
        self.settle(reservation, *asks)

    def settle(self, reservation: str, *asks: Ask) -> None:
        self.meters.settle(Settlement(reservation, ()))
        self.queue.wake([ask.meter for ask in asks])


@in_virtual_time
async def test_a_settlement_wakes_the_next():
    gate = Gate()
    running = await gate.admit("first", ONE_SLOT)
    waiting = asyncio.create_task(gate.admit("second", ONE_SLOT))
    await asyncio.sleep(0.5)
    gate.settle(running, ONE_SLOT)
    await waiting
    assert virtual_now() == 0.5
    assert len(gate.queue) == 0


@in_virtual_time
async def test_a_settlement_during_a_try_leads_to_another():
    gate = Gate()
    running = await gate.admit("first", ONE_SLOT)
    take = gate.attempt("second", ONE_SLOT)

    async def slow() -> str:
        try:
            return await take()
        except LimitReachedError:
            await asyncio.sleep(0.1)
            raise

    with pytest.raises(LimitReachedError) as refused:
        await take()
    waiting = asyncio.create_task(gate.queue.wait(Ticket(Place("a"), 60.0), refused.value, slow))
    await asyncio.sleep(1.05)  # its first try began after a second
    gate.settle(running, ONE_SLOT)
    await waiting
    assert virtual_now() == pytest.approx(1.1)


@in_virtual_time
async def test_time_wakes_who_waits_for_a_bucket():
    gate = Gate()
    for _ in range(60):
        await gate.admit("before", a_minute(60))
    await gate.admit("late", a_minute(60))
    assert virtual_now() == pytest.approx(1.0, abs=0.02)


@in_virtual_time
async def test_what_other_workers_settle_is_found_within_a_second():
    gate = Gate()
    running = await gate.admit("first", ONE_SLOT)
    waiting = asyncio.create_task(gate.admit("second", ONE_SLOT))
    await asyncio.sleep(5.5)
    gate.meters.settle(Settlement(running, ()))  # the queue is not told
    await waiting
    assert virtual_now() == pytest.approx(6.0)


@in_virtual_time
async def test_after_its_time_a_request_is_refused_as_it_was_last():
    gate = Gate()
    await gate.admit("first", a_minute(1))
    with pytest.raises(LimitReachedError) as refused:
        await gate.admit("second", a_minute(1), seconds=20.25)
    assert virtual_now() == pytest.approx(20.25)
    assert refused.value.retry_seconds == pytest.approx(40.0)  # of the try after 20 seconds
    assert len(gate.queue) == 0


@in_virtual_time
async def test_who_is_cancelled_leaves_and_the_next_is_called():
    gate = Gate()
    running = await gate.admit("first", ONE_SLOT)
    tasks = [asyncio.create_task(gate.admit(f"waiting {n}", ONE_SLOT)) for n in range(3)]
    await asyncio.sleep(0.1)
    for gone in tasks[:2]:
        gone.cancel()
    await asyncio.wait(tasks[:2])
    assert len(gate.queue) == 1
    gate.settle(running, ONE_SLOT)
    await tasks[2]
    assert gate.admitted == ["first", "waiting 2"]


@in_virtual_time
async def test_another_error_of_a_try_is_raised():
    gate = Gate()
    await gate.admit("first", ONE_SLOT)
    refused = LimitReachedError(RULE, (await gate.meters.read([ONE_SLOT]))[0], None)

    async def lowered() -> str:
        raise NeverFitsError(RULE)

    with pytest.raises(NeverFitsError):
        await gate.queue.wait(Ticket(Place("a"), 60.0), refused, lowered)
    assert len(gate.queue) == 0


@in_virtual_time
async def test_a_greedy_key_leaves_a_modest_one_every_other_turn():
    gate = Gate()
    async with asyncio.TaskGroup() as group:
        for key in ["greedy"] * 20 + ["modest"] * 3:
            place = Place(key)
            group.create_task(gate.request(key, ONE_SLOT, lasts=1.0, place=place))
    assert gate.admitted[:9].count("modest") == 3
    assert len(gate.admitted) == 23
    assert virtual_now() == pytest.approx(23.0)


@in_virtual_time
async def test_batch_is_served_once_for_four_interactive_requests():
    gate = Gate()
    async with asyncio.TaskGroup() as group:
        for priority in (Priority.INTERACTIVE, Priority.BATCH):
            for _ in range(40):
                place = Place(priority, priority)
                group.create_task(gate.request(priority, ONE_SLOT, lasts=1.0, place=place))
    # The first one ran at once, and the second found nobody to take turns with.
    order = gate.admitted[2:47]
    assert order.count("interactive") == 36
    assert order[4::5] == ["batch"] * 9


@in_virtual_time
async def test_small_requests_never_overtake_a_large_one():
    gate = Gate()
    await gate.admit("before", a_minute(10, 10))
    async with asyncio.TaskGroup() as group:
        group.create_task(gate.admit("large", a_minute(10, 8)))
        for number in range(5):
            await asyncio.sleep(1)
            group.create_task(gate.admit(f"small {number}", a_minute(10)))
    assert gate.admitted[1] == "large"


@in_virtual_time
async def test_meters_do_not_wait_for_each_other():
    gate = Gate()
    await gate.admit("first", ONE_SLOT)
    other = await gate.admit("other", OTHER_SLOT)
    never = asyncio.create_task(gate.admit("blocked", ONE_SLOT))
    soon = asyncio.create_task(gate.admit("free", OTHER_SLOT))
    await asyncio.sleep(0.1)
    gate.settle(other, OTHER_SLOT)
    await soon
    assert virtual_now() == pytest.approx(0.1)
    never.cancel()
    await asyncio.wait([never])


@in_virtual_time
async def test_who_is_refused_by_another_meter_waits_there():
    gate = Gate()
    first = await gate.admit("first", ONE_SLOT)
    second = await gate.admit("second", OTHER_SLOT)
    both = asyncio.create_task(gate.admit("both", ONE_SLOT, OTHER_SLOT))
    one = asyncio.create_task(gate.admit("one", ONE_SLOT))
    await asyncio.sleep(0.1)
    gate.settle(first, ONE_SLOT)
    await one
    assert gate.queue.ahead([ONE_SLOT.meter]) is None
    refused = gate.queue.ahead([OTHER_SLOT.meter])
    assert refused is not None
    gate.settle(one.result(), ONE_SLOT)
    gate.settle(second, OTHER_SLOT)
    await both
    assert gate.admitted == ["first", "second", "one", "both"]
    assert virtual_now() == pytest.approx(0.1)


@in_virtual_time
async def test_a_call_to_one_lane_is_no_turn_in_another():
    gate = Gate()
    first = await gate.admit("first", ONE_SLOT)
    second = await gate.admit("second", OTHER_SLOT)
    take = gate.attempt("both", ONE_SLOT, OTHER_SLOT)
    tries: list[float] = []

    async def slow() -> str:
        tries.append(virtual_now())
        await asyncio.sleep(0.2)
        return await take()

    with pytest.raises(LimitReachedError) as refused:
        await take()
    both = asyncio.create_task(gate.queue.wait(Ticket(Place("a"), 60.0), refused.value, slow))
    ahead = asyncio.create_task(gate.admit("ahead", OTHER_SLOT))
    await asyncio.sleep(0.1)
    gate.settle(first, ONE_SLOT)
    await asyncio.sleep(0.1)
    gate.queue.wake([ONE_SLOT.meter])  # while it tries
    await asyncio.sleep(0.5)
    assert tries == [pytest.approx(0.1)]
    gate.settle(second, OTHER_SLOT)
    gate.settle(await ahead, OTHER_SLOT)
    await both
    assert gate.admitted == ["first", "second", "ahead", "both"]


async def _fill(gate: Gate, keys: list[str]) -> list[asyncio.Task[str]]:
    await gate.admit("first", ONE_SLOT)
    tasks = [asyncio.create_task(gate.admit("waiting", ONE_SLOT, place=Place(key))) for key in keys]
    await asyncio.sleep(0.1)
    assert len(gate.queue) == len(keys)
    return tasks


@in_virtual_time
async def test_a_full_queue_refuses_at_once():
    gate = Gate()
    tasks = await _fill(gate, [f"key {number}" for number in range(MOST)])
    with pytest.raises(LimitReachedError):
        await gate.admit("late", ONE_SLOT)
    assert virtual_now() == pytest.approx(0.1)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert len(gate.queue) == 0


@in_virtual_time
async def test_one_key_never_fills_the_queue():
    gate = Gate()
    tasks = await _fill(gate, ["greedy"] * MOST_OF_A_KEY)
    with pytest.raises(LimitReachedError):
        await gate.admit("late", ONE_SLOT, place=Place("greedy"))
    modest = asyncio.create_task(gate.admit("modest", ONE_SLOT))
    await asyncio.sleep(0.1)
    assert len(gate.queue) == MOST_OF_A_KEY + 1
    for task in [*tasks, modest]:
        task.cancel()
    await asyncio.wait([*tasks, modest])
