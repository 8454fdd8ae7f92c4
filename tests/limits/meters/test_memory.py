from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from limits.meters import gcra, upkeep
from limits.meters.interface import (
    LEASE_SECONDS,
    Ask,
    Base,
    MeterKind,
    Settlement,
    Taken,
    Terms,
    Use,
)
from limits.meters.memory import MemoryMeters
from limits.meters.memory_states import KEEP_SECONDS, NO_HOLD, Bucket, Period
from limits.meters.upkeep import DONE_SECONDS, TIDY_SECONDS
from tests.limits.contract import MINUTE_US, MetersContract, Subject, name

STARTED_AT = 1_764_300_000.0  # seconds since the epoch


class MemoryStore:
    def __init__(self) -> None:
        self.at = STARTED_AT
        self.meters = MemoryMeters(self.now)

    def now(self) -> float:
        return self.at

    async def advance(self, seconds: float) -> None:
        self.at += seconds

    async def written(self) -> None:
        """Memory is written at once."""


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


class TestMemoryMeters(MetersContract):
    pass


class CarefulMeters(MemoryMeters):
    """Meters that weigh each request in full."""

    def take_at_once(self, *asked: object) -> None:
        return None

    def settle_at_once(self, *asked: object) -> bool:
        return False


def terms_of(asks: Sequence[Ask]) -> list[Terms]:
    return [Terms(ask.meter, ask.kind, ask.amount, ask.window_us) for ask in asks]


counts = st.integers(0, 40)
requests = st.tuples(
    st.sampled_from(["a", "b", "c", "d"]),  # reservations
    st.tuples(counts, counts, st.sampled_from([100, 600])),  # typical, more at the worst, amount
    st.sampled_from(["take", "take", "take", "settle", "settle", "flushed"]),
    st.floats(0, 30),  # seconds before it
    st.booleans(),  # whether it is enforced
)


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.lists(requests, max_size=25))
async def test_what_happens_at_once_is_what_would_happen_after_weighing(asked) -> None:
    quick, careful = MemoryStore(), MemoryStore()
    quick.meters, careful.meters = MemoryMeters(quick.now), CarefulMeters(careful.now)
    stores = (quick, careful)
    ends_at = STARTED_AT + 86_400.0
    stored, records = 50, 1
    for store in stores:
        await store.meters.seed([Base("p", stored, records, ends_at)])
    for reservation, (typical, more, amount), what, seconds, is_enforced in asked:
        worst = typical + more
        asks = [
            Ask("p", MeterKind.PERIOD, amount, typical, worst, 0, ends_at, is_enforced),
            Ask("b", MeterKind.BUCKET, amount, typical, worst, MINUTE_US, 0.0, is_enforced),
            Ask("s", MeterKind.SLOTS, 3, 1, 1, 0, 0.0, is_enforced),
        ]
        uses = [Use(ask.meter, ask.kind, worst, ask.window_us, amount) for ask in asks]
        for store in stores:
            await store.advance(seconds)
        if what == "settle":
            amounts = [use.amount for use in uses]
            for store in stores:
                if not store.meters.settle_at_once(reservation, terms_of(asks), amounts):
                    store.meters.settle(Settlement(reservation, tuple(uses)))
        elif what == "flushed":  # the database has it, settled or not
            records += 1
            stored += worst
            for store in stores:
                store.meters.flushed([Base("p", stored, records, ends_at, (reservation,))])
        else:
            one, other = [await store.meters.take(reservation, asks) for store in stores]
            assert one == other
        one, other = [await store.meters.read(asks) for store in stores]
        assert one == other


async def test_what_a_lease_held_that_ran_out_is_not_settled_at_once(store):
    subject = Subject(store)
    await subject.known(5, 1)
    reservation = name()
    period = subject.of_period(100, 5)
    await subject.take(period, reservation=reservation)
    await store.advance(LEASE_SECONDS + 1)
    assert not store.meters.settle_at_once(reservation, terms_of([period]), [7])
    assert not store.meters.settle_at_once("unknown", [], [])


async def test_what_the_database_holds_already_is_not_settled_at_once(store):
    subject = Subject(store)
    await subject.known(5, 1)
    first, second = name(), name()
    period = subject.of_period(100, 5)
    for reservation in (first, second):
        await subject.take(period, reservation=reservation)
    await subject.flushed(subject.base(12, 2, first))
    assert not store.meters.settle_at_once(first, terms_of([period]), [7])
    assert store.meters.settle_at_once(second, terms_of([period]), [7])
    await subject.settle(first, subject.used_of_period(7))
    assert await subject.used(subject.of_period(100, 0)) == 19


async def test_slots_are_free_again_at_once(store):
    subject = Subject(store)
    await subject.known(5, 1)
    reservation = name()
    asks = [subject.of_period(100, 5), subject.of_slots(3)]
    await subject.take(*asks, reservation=reservation)
    assert store.meters.settle_at_once(reservation, terms_of(asks), [7, 1])
    found = await store.meters.read(asks)
    assert [reading.used for reading in found] == [12, 0]
    assert not store.meters.settle_at_once(reservation, terms_of(asks), [7, 1])


async def test_what_is_held_of_one_more_meter_is_not_settled_at_once(store):
    subject = Subject(store)
    await subject.known(5, 1)
    reservation = name()
    period, slots = subject.of_period(100, 5), subject.of_slots(3)
    await subject.take(period, reservation=reservation)
    await subject.take(slots, reservation=reservation)
    assert not store.meters.settle_at_once(reservation, terms_of([period]), [7])
    found = await store.meters.read([period, slots])
    assert [reading.used for reading in found] == [10, 1]


@pytest.mark.parametrize(("amount", "used"), [(1, 0), (9, 8)])
async def test_a_bucket_that_was_full_again_and_forgotten_counts_what_was_used(store, amount, used):
    subject = Subject(store)
    reservation = name()
    bucket = subject.of_bucket(600, 1)
    await subject.take(bucket, reservation=reservation)
    await store.advance(LEASE_SECONDS - 1)
    store.meters.renew()
    for _ in range(3):  # others are made, and those that are full again are looked for
        await Subject(store).take(subject.of_slots(1))
        await store.advance(TIDY_SECONDS)
    assert len(store.meters) == 1
    assert store.meters.settle_at_once(reservation, terms_of([bucket]), [amount])
    assert await subject.used(subject.of_bucket(600, 0)) == used


async def test_full_buckets_and_free_slots_are_forgotten(store):
    for _ in range(1000):
        user = Subject(store)
        reservation = name()
        await user.take(user.of_bucket(10, 1), user.of_slots(1), reservation=reservation)
        await user.settle(reservation, user.used_of_bucket(1, 10))
        await store.advance(0.1)
    # A bucket is full again after 6 seconds: 60 of them are not, when the last one is made.
    assert len(store.meters) < 130


async def test_periods_are_forgotten_some_days_after_their_end(store):
    for _ in range(100):
        await Subject(store).known(5, 1)
    await store.advance(KEEP_SECONDS + 2 * 86_400)
    for _ in range(100):
        await Subject(store).known(5, 1)
    await store.meters.read([])
    assert len(store.meters) == 100


async def test_a_period_with_a_reservation_is_kept(store):
    subject = Subject(store)
    await subject.known(5, 1)
    reservation = name()
    await subject.take(subject.of_period(10, 5), reservation=reservation)
    while store.at < subject.ends_at + KEEP_SECONDS + 1:
        await store.advance(LEASE_SECONDS - 1)
        store.meters.renew()
    await Subject(store).known()
    await Subject(store).known()
    assert await subject.used(subject.of_period(10, 5)) == 10


async def test_a_bucket_that_refilled_keeps_what_an_extended_reservation_holds(store):
    subject = Subject(store)
    reservation = name()
    await subject.take(subject.of_bucket(100, 61))
    await subject.take(subject.of_bucket(100, 10, 1), reservation=reservation)
    await store.advance(30)
    await subject.take(subject.of_bucket(100, 11, 2), reservation=reservation)
    assert await subject.used(subject.of_bucket(100, 0)) == 71 - 50


async def test_a_reservation_is_not_in_its_own_way_when_it_is_extended(store):
    subject = Subject(store)
    await subject.known()
    reservation = name()
    await subject.take(subject.of_period(80, 5, 1), reservation=reservation)
    await subject.take(subject.of_period(80, 20, 3), reservation=reservation)
    assert await subject.used(subject.of_period(80, 0)) == 3


async def test_leases_run_out_by_their_own_ends(store):
    subject = Subject(store)
    first = name()
    await subject.take(subject.of_slots(9), reservation=first)
    await store.advance(30)
    await subject.take(subject.of_slots(9))
    await store.advance(20)
    await subject.take(subject.of_slots(9), reservation=first)
    await store.advance(45)
    assert await subject.used(subject.of_slots(9)) == 1


async def test_full_slots_admit_an_ask_of_nothing(store):
    subject = Subject(store)
    await subject.take(subject.of_slots(1))
    nothing = Ask(subject.slots, MeterKind.SLOTS, 0, 0, 0)
    assert isinstance(await subject.take(nothing), Taken)


async def test_what_was_released_makes_no_meter(store):
    subject = Subject(store)
    await subject.settle(name(), subject.used_of_period(0), subject.used_of_bucket(0, 10))
    assert len(store.meters) == 0


async def test_settlements_are_remembered_for_a_while(store):
    subject = Subject(store)
    await subject.known()
    reservation = name()
    await subject.settle(reservation, subject.used_of_period(5))
    await store.advance(DONE_SECONDS - 1)
    await subject.settle(reservation, subject.used_of_period(5))
    assert await subject.used(subject.of_period(10, 5)) == 5


async def test_the_names_of_what_was_settled_are_bounded(store, monkeypatch):
    monkeypatch.setattr(upkeep, "MOST_DONE", 50)
    store.meters = MemoryMeters(store.now)
    subject = Subject(store)
    await subject.known()
    names = [name() for _ in range(60)]
    for reservation in names:
        await subject.settle(reservation, subject.used_of_period(1))
    await store.advance(TIDY_SECONDS)
    for reservation in names[-50:]:  # again, which counts nothing
        await subject.settle(reservation, subject.used_of_period(1))
    assert await subject.used(subject.of_period(10_000, 0)) == 60


async def test_a_reservation_that_was_settled_takes_nothing(store):
    subject = Subject(store)
    reservation = name()
    await subject.take(subject.of_slots(1), reservation=reservation)
    await subject.settle(reservation)
    assert isinstance(await subject.take(subject.of_slots(1), reservation=reservation), Taken)
    assert await subject.used(subject.of_slots(1)) == 0


async def test_leases_are_renewed_while_it_runs():
    long_after = asyncio.Event()
    store = MemoryStore()

    async def sleep(seconds: float) -> None:
        await store.advance(seconds)
        if store.at > STARTED_AT + 3 * LEASE_SECONDS:
            long_after.set()
            await asyncio.get_running_loop().create_future()

    store.meters = MemoryMeters(store.now, sleep)
    subject = Subject(store)
    await subject.take(subject.of_slots(1))
    running = asyncio.create_task(store.meters.run())
    await long_after.wait()
    assert await subject.used(subject.of_slots(1)) == 1
    running.cancel()


DAY = Terms("1::0:tokens", MeterKind.PERIOD, 1000, 0)
ENDS_AT = STARTED_AT + 100.0


async def a_day(store: MemoryStore, ends_at: float = ENDS_AT) -> MemoryMeters:
    """Meters that know a period of 1,000 tokens, of which none is used."""
    await store.meters.seed([Base(DAY.meter, 0, 0, ends_at)])
    return store.meters


async def test_one_step_keeps_away_from_what_others_may_still_use(store):
    meters = await a_day(store)
    assert meters.take_at_once("a", [DAY], [(1, 200)])
    meters.flushed([Base(DAY.meter, 900, 5, ENDS_AT)])
    assert meters.take_at_once("b", [DAY], [(1, 10)]) is None


async def test_what_was_flushed_counts_in_the_next_step(store):
    meters = await a_day(store)
    meters.take_at_once("a", [DAY], [(1, 1)])
    meters.flushed([Base(DAY.meter, 500, 5, ENDS_AT)])
    [(_, _, used, *_)] = meters.take_at_once("b", [DAY], [(1, 1)])
    assert used == 502


async def test_a_lease_that_ran_out_is_free_in_the_next_step(store):
    slots = Terms("1::concurrency", MeterKind.SLOTS, 1, 0)
    assert store.meters.take_at_once("a", [slots], [(1, 1)])
    assert store.meters.take_at_once("b", [slots], [(1, 1)]) is None
    await store.advance(LEASE_SECONDS + 1)
    assert store.meters.take_at_once("b", [slots], [(1, 1)])


async def test_what_was_stored_before_it_was_taken_is_not_settled_at_once(store):
    meters = await a_day(store)
    meters.flushed([Base(DAY.meter, 7, 1, ENDS_AT, ("a",))])
    assert meters.take_at_once("a", [DAY], [(1, 1)])
    assert not meters.settle_at_once("a", [DAY], [7])


async def test_a_period_that_has_ended_is_reset_now(store):
    meters = await a_day(store, ends_at=STARTED_AT - 5)
    [(_, _, _, reset_seconds, *_)] = meters.take_at_once("a", [DAY], [(1, 1)])
    assert reset_seconds == 0.0


def test_a_settlement_without_a_reservation_leaves_those_of_others():
    period = Period(ENDS_AT)
    period.store(Base("p", 0, 0, ENDS_AT))
    period.settle("a", 5, NO_HOLD, STARTED_AT)
    assert (period.holders, period.used, period.claimed) == (0, 5, 5)
    # With a holder fewer than there are, all would look far away.
    assert period.take_typical("p", 1000, 0, (1, 300), STARTED_AT) is None


def test_a_bucket_takes_in_one_step_only_by_the_terms_it_has():
    bucket = Bucket(100, MINUTE_US)
    assert bucket.take_typical("b", 100, MINUTE_US, (1, 1), STARTED_AT)
    assert bucket.take_typical("b", 100, 60 * MINUTE_US, (1, 1), STARTED_AT) is None
    assert Bucket(0, MINUTE_US).take_typical("b", 0, MINUTE_US, (0, 0), STARTED_AT) is None


@pytest.mark.parametrize(("amount", "count"), [(10**12, 1), (7, 1), (1000, 37), (1000, 0)])
def test_a_step_moves_a_bucket_as_the_arithmetic_says(amount, count):
    bucket, now_us = Bucket(amount, MINUTE_US), int(STARTED_AT * 10**6)
    assert bucket.take_typical("b", amount, MINUTE_US, (count, 1), STARTED_AT)
    assert bucket.tat_us - now_us == gcra.cost_us(count, amount, MINUTE_US)
