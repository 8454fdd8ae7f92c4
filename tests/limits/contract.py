"""What any store of meters promises.

A test module for a store derives its class from :class:`MetersContract` and has a fixture
``store``. Meters have names of their own in each test, so that a store may outlive it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limits.meters.interface import (
    LEASE_SECONDS,
    Ask,
    Base,
    MeterKind,
    Meters,
    Reading,
    Refused,
    Settlement,
    Taken,
    Unknown,
    Use,
)

MINUTE_US = 60_000_000
DAY_SECONDS = 86_400.0


def slow(ask: Ask) -> Ask:
    """A bucket of a day, which refills by nothing that counts while a test runs."""
    return ask._replace(window_us=1440 * MINUTE_US)


class Store(Protocol):
    meters: Meters

    def now(self) -> float:
        """Seconds since the epoch, on the clock of the meters."""

    async def advance(self, seconds: float) -> None:
        """Let time pass for the meters."""

    async def written(self) -> None:
        """Return once all settlements and flushes have arrived."""


def name() -> str:
    return uuid.uuid4().hex


class Subject:
    """A store with one meter of each kind, and short ways to ask it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.meters = store.meters
        limit = name()
        self.period = f"{limit}:u1:1:usd"
        self.bucket = f"{limit}:u1:tokens"
        self.slots = f"{limit}:u1:concurrency"
        self.ends_at = float(int(store.now() + DAY_SECONDS))

    def of_period(self, amount: int, worst: int, typical: int | None = None, **more: bool) -> Ask:
        typical = worst if typical is None else typical
        return Ask(
            self.period, MeterKind.PERIOD, amount, typical, worst, ends_at=self.ends_at, **more
        )

    def of_bucket(self, amount: int, worst: int, typical: int | None = None, **more: bool) -> Ask:
        typical = worst if typical is None else typical
        return Ask(self.bucket, MeterKind.BUCKET, amount, typical, worst, MINUTE_US, **more)

    def of_slots(self, amount: int, **more: bool) -> Ask:
        return Ask(self.slots, MeterKind.SLOTS, amount, 1, 1, **more)

    def used_of_period(self, amount: int) -> Use:
        return Use(self.period, MeterKind.PERIOD, amount)

    def used_of_bucket(self, amount: int, limit: int) -> Use:
        return Use(self.bucket, MeterKind.BUCKET, amount, MINUTE_US, limit)

    def base(self, amount: int, records: int, *reservations: str) -> Base:
        return Base(self.period, amount, records, self.ends_at, reservations)

    async def known(self, amount: int = 0, records: int = 0) -> None:
        await self.meters.seed([self.base(amount, records)])

    async def take(self, *asks: Ask, reservation: str = "") -> Taken | Refused | Unknown:
        return await self.meters.take(reservation or name(), asks)

    async def settle(self, reservation: str, *uses: Use) -> None:
        self.meters.settle(Settlement(reservation, uses))
        await self.store.written()

    async def flushed(self, *bases: Base) -> None:
        self.meters.flushed(bases)
        await self.store.written()

    async def reading(self, ask: Ask) -> Reading:
        [reading] = await self.meters.read([ask])
        assert reading is not None
        return reading

    async def used(self, ask: Ask) -> int:
        return (await self.reading(ask)).used


async def outcomes(subject: Subject, asks: Sequence[Ask], number: int) -> Counter[type]:
    """How ``number`` requests fare that come at once."""
    results = await asyncio.gather(*(subject.take(*asks) for _ in range(number)))
    return Counter(type(one) for one in results)


class TakingContract:
    async def test_one_of_100_parallel_requests_gets_a_budget_for_one(self, subject):
        await subject.known()
        found = await outcomes(subject, [subject.of_period(10, 10, 1)], 100)
        assert found == {Taken: 1, Refused: 99}

    async def test_one_of_100_parallel_requests_gets_the_only_slot(self, subject):
        assert await outcomes(subject, [subject.of_slots(1)], 100) == {Taken: 1, Refused: 99}

    async def test_ten_of_100_parallel_requests_get_a_bucket_for_ten(self, subject):
        found = await outcomes(subject, [subject.of_bucket(10, 1)], 100)
        assert found == {Taken: 10, Refused: 90}

    async def test_nothing_is_refused_at_30_percent_with_50_in_parallel(self, subject):
        await subject.known(300, 30)
        asks = [subject.of_period(1000, 10, 2), subject.of_slots(100)]
        assert await outcomes(subject, asks, 50) == {Taken: 50}

    async def test_far_from_the_amount_the_typical_use_is_reserved(self, subject):
        await subject.known()
        period, bucket = subject.of_period(1000, 10, 2), slow(subject.of_bucket(1000, 10, 2))
        assert isinstance(await subject.take(period, bucket), Taken)
        assert await subject.used(period) == 2
        assert await subject.used(bucket) == 2

    async def test_a_reading_tells_what_is_settled_and_what_runs_may_still_use(self, subject):
        await subject.known(100, 1)
        ask, one = subject.of_period(10_000, worst=50, typical=10), name()
        taken = await subject.take(ask, reservation=one)
        assert (taken.readings[0].settled, taken.readings[0].claimed) == (100, 150)
        await subject.take(ask)
        reading = await subject.reading(ask)
        assert (reading.settled, reading.used, reading.claimed) == (100, 120, 200)
        await subject.settle(one, subject.used_of_period(7))
        reading = await subject.reading(ask)
        assert (reading.settled, reading.used, reading.claimed) == (107, 117, 157)
        assert reading.room == 10_000 - 157

    async def test_near_the_amount_the_worst_is_reserved(self, subject):
        await subject.known(961, 5)
        await subject.take(slow(subject.of_bucket(1000, 961)))
        period, bucket = subject.of_period(1000, 10, 2), slow(subject.of_bucket(1000, 10, 2))
        assert isinstance(await subject.take(period, bucket), Taken)
        assert await subject.used(period) == 971
        assert await subject.used(bucket) == 971

    async def test_those_that_run_bring_the_amount_nearer(self, subject):
        await subject.known()
        ask = subject.of_period(100, 10, 1)
        await subject.take(ask)
        await subject.take(ask)
        assert await subject.used(ask) == 2  # 4 · 10 · 2 are left at the second
        await subject.take(ask)
        assert await subject.used(ask) == 12

    async def test_a_period_admits_by_the_worst_of_all_that_run(self, subject):
        await subject.known()
        found = await outcomes(subject, [subject.of_period(100, 10, 1)], 20)
        assert found == {Taken: 10, Refused: 10}

    async def test_a_meter_that_refuses_leaves_the_others_untouched(self, subject):
        await subject.known()
        period, bucket, slots = (
            subject.of_period(100, 1),
            subject.of_bucket(100, 1),
            subject.of_slots(0),
        )
        result = await subject.take(period, slots, bucket)
        assert isinstance(result, Refused)
        assert result.over == (1,)
        assert [one.used for one in result.readings] == [0, 0, 0]
        assert [one.is_over for one in result.readings] == [False, True, False]
        assert await subject.used(period) == 0
        assert await subject.used(bucket) == 0

    async def test_all_that_refuse_are_named(self, subject):
        await subject.known(100, 1)
        result = await subject.take(
            subject.of_period(100, 1), subject.of_bucket(5, 1), subject.of_slots(0)
        )
        assert isinstance(result, Refused)
        assert result.over == (0, 2)

    async def test_taking_again_reserves_nothing_more(self, subject):
        await subject.known()
        reservation = name()
        asks = [subject.of_period(100, 1), subject.of_bucket(100, 1), subject.of_slots(1)]
        for _ in range(3):
            assert isinstance(await subject.take(*asks, reservation=reservation), Taken)
        assert [await subject.used(ask) for ask in asks] == [1, 1, 1]

    async def test_taking_again_reserves_on_further_meters(self, subject):
        await subject.known()
        reservation = name()
        await subject.take(subject.of_slots(1), reservation=reservation)
        result = await subject.take(
            subject.of_slots(1), subject.of_period(100, 7), reservation=reservation
        )
        assert isinstance(result, Taken)
        assert [one.used for one in result.readings] == [1, 7]

    async def test_a_larger_worst_extends_a_reservation(self, subject):
        await subject.known()
        reservation = name()
        await subject.take(subject.of_period(100, 30), reservation=reservation)
        await subject.take(subject.of_period(100, 80), reservation=reservation)
        assert await subject.used(subject.of_period(100, 0)) == 80
        assert isinstance(await subject.take(subject.of_period(100, 21)), Refused)
        assert isinstance(await subject.take(subject.of_period(100, 20)), Taken)

    async def test_an_extension_that_does_not_fit_leaves_what_is_held(self, subject):
        await subject.known()
        reservation = name()
        await subject.take(subject.of_period(100, 30), reservation=reservation)
        larger = subject.of_period(100, 101)
        assert isinstance(await subject.take(larger, reservation=reservation), Refused)
        assert await subject.used(larger) == 30

    async def test_the_difference_of_an_extension_has_to_fit_into_a_bucket(self, subject):
        reservation = name()
        await subject.take(subject.of_bucket(10, 5), reservation=reservation)
        extended = await subject.take(subject.of_bucket(10, 8), reservation=reservation)
        assert isinstance(extended, Taken)
        assert await subject.used(subject.of_bucket(10, 0)) == 8
        await subject.take(subject.of_bucket(10, 2))
        result = await subject.take(subject.of_bucket(10, 10), reservation=reservation)
        assert isinstance(result, Refused)
        assert result.readings[0].retry_seconds == pytest.approx(12, abs=2)

    async def test_a_smaller_worst_leaves_a_reservation_as_it_is(self, subject):
        await subject.known()
        reservation = name()
        await subject.take(subject.of_period(100, 30), reservation=reservation)
        smaller = subject.of_period(100, 10)
        assert isinstance(await subject.take(smaller, reservation=reservation), Taken)
        assert await subject.used(smaller) == 30

    async def test_meters_that_are_not_enforced_count_and_never_refuse(self, subject):
        await subject.known(100, 1)
        asks = [
            subject.of_period(100, 5, is_enforced=False),
            subject.of_bucket(3, 5, is_enforced=False),
            subject.of_slots(0, is_enforced=False),
        ]
        result = await subject.take(*asks)
        assert isinstance(result, Taken)
        assert [one.is_over for one in result.readings] == [True, True, True]
        assert [one.used for one in result.readings] == [105, 5, 1]

    async def test_meters_that_are_not_enforced_are_no_reason_of_a_refusal(self, subject):
        await subject.known(100, 1)
        result = await subject.take(
            subject.of_period(100, 5, is_enforced=False), subject.of_slots(0)
        )
        assert isinstance(result, Refused)
        assert result.over == (1,)
        assert [one.is_over for one in result.readings] == [True, True]
        assert await subject.used(subject.of_period(100, 0)) == 100

    async def test_an_ask_of_nothing_fits_even_in_debt(self, subject):
        await subject.known(200, 1)
        await subject.take(subject.of_bucket(100, 150, is_enforced=False))
        result = await subject.take(subject.of_period(100, 0), subject.of_bucket(100, 0))
        assert isinstance(result, Taken)

    @pytest.mark.parametrize("amount", [0, 5])
    async def test_what_is_more_than_the_amount_is_refused(self, subject, amount):
        await subject.known()
        result = await subject.take(
            subject.of_period(amount, amount + 1), subject.of_bucket(amount, amount + 1)
        )
        assert isinstance(result, Refused)
        assert result.over == (0, 1)
        assert result.readings[1].retry_seconds is None

    async def test_lowering_an_amount_refuses_at_once(self, subject):
        await subject.known()
        await subject.take(subject.of_period(10, 8), subject.of_bucket(10, 8), subject.of_slots(2))
        for ask in (subject.of_period(5, 1), subject.of_bucket(5, 1), subject.of_slots(1)):
            assert isinstance(await subject.take(ask), Refused)

    async def test_raising_an_amount_admits_at_once(self, subject):
        await subject.known()
        await subject.take(
            subject.of_period(10, 10), subject.of_bucket(10, 10), subject.of_slots(1)
        )
        for ask in (subject.of_period(10, 1), subject.of_bucket(10, 1), subject.of_slots(1)):
            assert isinstance(await subject.take(ask), Refused)
        raised = subject.of_period(20, 1), subject.of_bucket(20, 1), subject.of_slots(2)
        result = await subject.take(*raised)
        assert isinstance(result, Taken)
        assert [one.used for one in result.readings] == [11, 11, 2]


class ReadingContract:
    async def test_a_bucket_says_when_it_is_full_and_when_more_fits(self, subject):
        await subject.take(subject.of_bucket(10, 9))
        result = await subject.take(subject.of_bucket(10, 3))
        assert isinstance(result, Refused)
        [reading] = result.readings
        assert (reading.amount, reading.used, reading.is_over) == (10, 9, True)
        assert reading.reset_seconds == pytest.approx(54, abs=2)
        assert reading.retry_seconds == pytest.approx(12, abs=2)

    async def test_what_was_refused_fits_after_the_time_that_was_told(self, subject):
        ask = subject.of_bucket(10, 4)
        await subject.take(ask)
        await subject.take(ask)
        refused = await subject.take(ask)
        assert isinstance(refused, Refused)
        wait = refused.readings[0].retry_seconds
        assert wait is not None
        await subject.store.advance(wait - 1)
        assert isinstance(await subject.take(ask), Refused)
        await subject.store.advance(1.01)
        assert isinstance(await subject.take(ask), Taken)

    async def test_a_bucket_refills(self, subject):
        ask = subject.of_bucket(60, 30)
        await subject.take(ask)
        await subject.store.advance(20)
        assert await subject.used(ask) == pytest.approx(10, abs=2)
        await subject.store.advance(20)
        assert (await subject.reading(ask)).reset_seconds == 0
        assert await subject.used(ask) == 0

    async def test_a_period_says_when_it_ends(self, subject):
        await subject.known(10, 1)
        left = subject.ends_at - subject.store.now()
        result = await subject.take(subject.of_period(10, 1))
        assert isinstance(result, Refused)
        [reading] = result.readings
        assert reading.reset_seconds == pytest.approx(left, abs=2)
        assert reading.retry_seconds == pytest.approx(left, abs=2)

    async def test_nobody_can_say_when_a_slot_is_free(self, subject):
        await subject.take(subject.of_slots(1))
        result = await subject.take(subject.of_slots(1))
        assert isinstance(result, Refused)
        [reading] = result.readings
        assert (reading.used, reading.reset_seconds, reading.retry_seconds) == (1, 0.0, None)

    async def test_reading_reserves_nothing(self, subject):
        await subject.known(3, 1)
        asks = [subject.of_period(10, 5), subject.of_bucket(10, 5), subject.of_slots(10)]
        for _ in range(2):
            readings = await subject.meters.read(asks)
            assert [one.used for one in readings] == [3, 0, 0]

    async def test_an_unknown_period_has_no_reading(self, subject):
        assert await subject.meters.read([subject.of_period(10, 5)]) == (None,)


class SettlingContract:
    async def test_what_was_used_takes_the_place_of_what_was_reserved(self, subject):
        await subject.known(1, 1)
        reservation = name()
        asks = [subject.of_period(100, 50), subject.of_bucket(100, 50), subject.of_slots(3)]
        await subject.take(*asks, reservation=reservation)
        await subject.settle(
            reservation,
            subject.used_of_period(20),
            subject.used_of_bucket(20, 100),
            Use(subject.slots, MeterKind.SLOTS, 1),
        )
        assert [await subject.used(ask) for ask in asks] == [21, 20, 0]

    async def test_more_may_be_used_than_was_reserved(self, subject):
        await subject.known()
        reservation = name()
        asks = [subject.of_period(100, 10), subject.of_bucket(100, 10)]
        await subject.take(*asks, reservation=reservation)
        await subject.settle(
            reservation, subject.used_of_period(120), subject.used_of_bucket(120, 100)
        )
        assert [await subject.used(ask) for ask in asks] == [120, 120]

    @pytest.mark.parametrize("used", [2 * 10**9, 2**53 - 1])
    async def test_a_lie_about_what_was_used_has_an_end(self, subject, used):
        """Of a small amount it may be a time that no calendar has, and no store takes."""
        await subject.take(subject.of_bucket(1, 1), reservation=(reservation := name()))
        use = Use(subject.bucket, MeterKind.BUCKET, used, 3600 * 10**6, 1)
        subject.meters.settle(Settlement(reservation, (use,)))
        await subject.store.written()
        ask = Ask(subject.bucket, MeterKind.BUCKET, 1, 1, 1, 3600 * 10**6)
        [reading] = await subject.meters.read([ask])
        assert 99 < reading.reset_seconds / (365 * DAY_SECONDS) <= 100
        assert isinstance(await subject.take(ask), Refused)

    async def test_settling_twice_counts_once(self, subject):
        await subject.known()
        reservation = name()
        asks = [subject.of_period(100, 10), subject.of_bucket(100, 10), subject.of_slots(5)]
        await subject.take(*asks, reservation=reservation)
        await subject.take(*asks)
        for amount in (7, 9):
            await subject.settle(
                reservation,
                subject.used_of_period(amount),
                subject.used_of_bucket(amount, 100),
                Use(subject.slots, MeterKind.SLOTS, 1),
            )
        assert [await subject.used(ask) for ask in asks] == [17, 17, 1]

    async def test_a_released_reservation_leaves_nothing(self, subject):
        await subject.known()
        reservation = name()
        asks = [subject.of_period(10, 10), subject.of_bucket(10, 10), subject.of_slots(1)]
        await subject.take(*asks, reservation=reservation)
        await subject.settle(
            reservation, subject.used_of_period(0), subject.used_of_bucket(0, 10)
        )  # the slot is not named
        assert [await subject.used(ask) for ask in asks] == [0, 0, 0]
        assert isinstance(await subject.take(*asks), Taken)

    async def test_settling_after_a_raise_counts_the_same(self, subject):
        reservation = name()
        await subject.take(subject.of_bucket(10, 8), reservation=reservation)
        await subject.take(subject.of_bucket(20, 1))
        await subject.settle(reservation, subject.used_of_bucket(3, 10))
        assert await subject.used(subject.of_bucket(20, 1)) == pytest.approx(4, abs=1)

    async def test_a_lease_that_runs_out_frees_what_was_reserved(self, subject):
        await subject.known()
        asks = [subject.of_period(100, 60), subject.of_slots(1)]
        await subject.take(*asks)
        assert isinstance(await subject.take(*asks), Refused)
        await subject.store.advance(LEASE_SECONDS + 1)
        assert [await subject.used(ask) for ask in asks] == [0, 0]
        assert isinstance(await subject.take(*asks), Taken)

    async def test_a_settlement_after_the_lease_counts(self, subject):
        await subject.known()
        reservation = name()
        asks = [subject.of_period(100, 60), subject.of_slots(1)]
        await subject.take(*asks, reservation=reservation)
        await subject.store.advance(LEASE_SECONDS + 1)
        await subject.take(*asks)
        for _ in range(2):
            await subject.settle(
                reservation, subject.used_of_period(5), Use(subject.slots, MeterKind.SLOTS, 1)
            )
        assert [await subject.used(ask) for ask in asks] == [65, 1]

    async def test_a_use_without_a_reservation_counts(self, subject):
        await subject.known()
        await subject.settle(name(), subject.used_of_period(5), subject.used_of_bucket(5, 10))
        assert await subject.used(subject.of_period(100, 0)) == 5
        assert await subject.used(subject.of_bucket(10, 0)) == 5


class BasesContract:
    async def test_periods_that_were_never_seeded_are_unknown(self, subject):
        other = Subject(subject.store)
        result = await subject.take(
            subject.of_period(10, 1), subject.of_slots(1), other.of_period(10, 1)
        )
        assert result == Unknown((subject.period, other.period))
        assert await subject.used(subject.of_slots(1)) == 0

    async def test_an_older_base_never_replaces_a_newer_one(self, subject):
        await subject.known(50, 5)
        await subject.known(40, 4)
        await subject.flushed(subject.base(30, 3))
        assert await subject.used(subject.of_period(100, 0)) == 50
        await subject.flushed(subject.base(60, 6))
        assert await subject.used(subject.of_period(100, 0)) == 60

    async def test_a_flush_makes_a_period_known(self, subject):
        await subject.flushed(subject.base(60, 6))
        await subject.known(50, 5)  # read from the database before the flush
        assert await subject.used(subject.of_period(100, 0)) == 60

    async def test_what_the_database_holds_is_no_longer_pending(self, subject):
        await subject.known(10, 1)
        one, other = name(), name()
        await subject.settle(one, subject.used_of_period(5))
        await subject.settle(other, subject.used_of_period(7))
        await subject.flushed(subject.base(15, 2, one))
        assert await subject.used(subject.of_period(100, 0)) == 22
        await subject.flushed(subject.base(22, 3, other))
        assert await subject.used(subject.of_period(100, 0)) == 22

    async def test_flushes_may_arrive_in_any_order(self, subject):
        await subject.known()
        one, other = name(), name()
        await subject.settle(one, subject.used_of_period(5))
        await subject.settle(other, subject.used_of_period(7))
        await subject.flushed(subject.base(12, 2, other))
        assert await subject.used(subject.of_period(100, 0)) == 17  # one is counted twice for now
        await subject.flushed(subject.base(5, 1, one))
        assert await subject.used(subject.of_period(100, 0)) == 12

    async def test_a_flush_that_arrives_twice_counts_once(self, subject):
        await subject.known()
        one = name()
        await subject.settle(one, subject.used_of_period(5))
        for _ in range(2):
            await subject.flushed(subject.base(5, 1, one))
        assert await subject.used(subject.of_period(100, 0)) == 5

    async def test_a_flush_before_its_settlement_counts_once(self, subject):
        await subject.known()
        reservation = name()
        ask = subject.of_period(100, 10)
        await subject.take(ask, reservation=reservation)
        await subject.flushed(subject.base(5, 1, reservation))
        reading = await subject.reading(ask)
        assert (reading.settled, reading.used, reading.claimed) == (5, 5, 5)
        await subject.settle(reservation, subject.used_of_period(5))
        assert await subject.used(ask) == 5

    async def test_a_use_of_an_unknown_period_is_kept_for_its_seed(self, subject):
        await subject.settle(name(), subject.used_of_period(5))
        assert await subject.take(subject.of_period(100, 1)) == Unknown((subject.period,))
        await subject.known(10, 1)
        assert await subject.used(subject.of_period(100, 0)) == 15

    async def test_flushes_come_from_another_thread(self, subject):
        await subject.known()
        await asyncio.to_thread(subject.meters.flushed, [subject.base(9, 1)])
        await subject.store.written()
        assert await subject.used(subject.of_period(100, 0)) == 9


STEPS = st.one_of(
    st.tuples(st.just("take"), st.integers(0, 9), st.integers(0, 40)),
    st.tuples(st.just("settle"), st.integers(0, 9), st.integers(0, 40)),
    st.tuples(st.just("store"), st.just(0), st.just(0)),
    st.tuples(st.just("deliver"), st.integers(0, 9), st.just(0)),
)


class Ledger:
    """A database beside the meters, whose flushes are delivered late and in any order."""

    def __init__(self, subject: Subject, amount: int) -> None:
        self.subject = subject
        self.amount = amount
        self.open: dict[str, int] = {}  # the worst of each
        self.settled: dict[str, int] = {}
        self.stored: set[str] = set()
        self.undelivered: list[Base] = []

    async def step(self, action: str, which: int, amount: int) -> None:
        match action:
            case "take":
                await self.take(name(), worst=amount)
            case "settle" if self.open:
                reservation = list(self.open)[which % len(self.open)]
                await self.settle(reservation, min(amount, self.open[reservation]))
            case "store":
                self.store()
            case "wait":
                await self.subject.store.advance(amount)
            case "deliver" if self.undelivered:
                base = self.undelivered.pop(which % len(self.undelivered))
                await self.subject.flushed(base)

    async def take(self, reservation: str, worst: int) -> None:
        asks = self.subject.of_period(self.amount, worst, worst // 5), self.subject.of_slots(50)
        if isinstance(await self.subject.take(*asks, reservation=reservation), Taken):
            self.open[reservation] = worst

    async def settle(self, reservation: str, amount: int) -> None:
        del self.open[reservation]
        self.settled[reservation] = amount
        await self.subject.settle(reservation, self.subject.used_of_period(amount))

    def store(self) -> None:
        new = self.settled.keys() - self.stored
        self.stored |= new
        amount = sum(self.settled[one] for one in self.stored)
        if new:
            self.undelivered.append(self.subject.base(amount, len(self.stored), *sorted(new)))

    async def finish(self) -> None:
        for reservation in list(self.open):
            await self.settle(reservation, self.open[reservation])
        self.store()
        while self.undelivered:
            await self.subject.flushed(self.undelivered.pop())


WAITS = st.tuples(st.just("wait"), st.just(0), st.integers(1, int(LEASE_SECONDS) + 10))
HEALTHY = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]


class InterleavingContract:
    @settings(max_examples=50, deadline=None, suppress_health_check=HEALTHY)
    @given(steps=st.lists(STEPS, max_size=60))
    async def test_nothing_is_lost_and_nothing_overspent(self, store, steps):
        subject = Subject(store)
        await subject.known()
        ledger = Ledger(subject, 100)
        ask = subject.of_period(100, 0)
        for step in steps:
            await ledger.step(*step)
            settled = sum(ledger.settled.values())
            assert settled <= 100
            assert await subject.used(ask) >= settled
        await ledger.finish()
        assert sum(ledger.settled.values()) <= 100
        assert await subject.used(ask) == sum(ledger.settled.values())

    @settings(max_examples=30, deadline=None, suppress_health_check=HEALTHY)
    @given(steps=st.lists(STEPS | WAITS, max_size=40))
    async def test_leases_that_run_out_lose_no_use(self, store, steps):
        subject = Subject(store)
        await subject.known()
        ledger = Ledger(subject, 10**9)
        asks = [subject.of_period(10**9, 0), subject.of_slots(50)]
        for step in steps:
            await ledger.step(*step)
            period, slots = [await subject.used(ask) for ask in asks]
            assert period >= sum(ledger.settled.values())
            assert 0 <= slots <= len(ledger.open)
        await ledger.finish()
        assert [await subject.used(ask) for ask in asks] == [sum(ledger.settled.values()), 0]


class MetersContract(
    TakingContract, ReadingContract, SettlingContract, BasesContract, InterleavingContract
):
    """All of it."""

    @pytest.fixture
    def subject(self, store: Store) -> Subject:
        return Subject(store)
