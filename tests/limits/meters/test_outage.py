from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from django.conf import settings

from limits.meters.interface import Ask, MetersUnavailableError, Refused, Settlement, Taken, Unknown
from limits.meters.outage import FAILURES, REST_SECONDS, Breaker, ResilientMeters
from limits.meters.redis_meters import RedisMeters
from tests.limits.contract import MetersContract, Subject, name
from tests.limits.redis_store import RedisStore, running, until
from tests.support.processes import PATIENCE_SECONDS, free_port


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


class ResilientStore(RedisStore):
    """``redis`` are the meters behind ``meters``."""

    def __init__(self, url: str, redis: RedisMeters) -> None:
        super().__init__(url, redis)
        self.redis = redis
        self.meters = ResilientMeters(redis)

    async def written(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.redis.written()


@pytest.fixture
async def store(redis_server):
    async with running(settings.REDIS_URL) as redis:
        yield ResilientStore(settings.REDIS_URL, redis)


@asynccontextmanager
async def worker(url: str, **options):
    async with running(url, **options) as redis:
        yield ResilientStore(url, redis)


class TestResilientMeters(MetersContract):
    pass


def test_a_breaker_opens_after_some_failures_in_a_row():
    breaker = Breaker(Clock())
    for _ in range(FAILURES - 1):
        breaker.fail(MetersUnavailableError())
    breaker.succeed()
    for _ in range(FAILURES):
        assert breaker.admits()
        breaker.fail(MetersUnavailableError())
    assert not breaker.admits()
    breaker.succeed()


def test_an_open_breaker_lets_one_try_after_each_rest():
    breaker = Breaker(clock := Clock())
    for _ in range(FAILURES):
        breaker.fail(MetersUnavailableError())
    for _ in range(2):
        clock.at += REST_SECONDS
        assert [breaker.admits() for _ in range(3)] == [True, False, False]
        breaker.fail(MetersUnavailableError())
    clock.at += REST_SECONDS
    assert breaker.admits()
    breaker.succeed()
    assert breaker.admits()
    assert breaker.admits()


def test_an_outage_is_one_line_at_its_beginning_and_one_at_its_end(caplog):
    breaker = Breaker(Clock())
    for _ in range(10):
        breaker.fail(MetersUnavailableError("Redis is slow."))
    breaker.succeed()
    breaker.succeed()
    assert [record.message.split(",")[0] for record in caplog.records] == [
        "Redis does not tell in time what was used",
        "Redis tells what was used of limits again",
    ]


async def test_no_request_waits_for_a_redis_that_is_gone():
    async with worker(f"redis://127.0.0.1:{free_port()}/0") as store:
        subject = Subject(store)
        for _ in range(FAILURES):
            with pytest.raises(MetersUnavailableError, match="connect"):
                await subject.take(subject.of_slots(1))
        for call in (subject.take(subject.of_slots(1)), subject.known(), store.meters.read([])):
            with pytest.raises(MetersUnavailableError, match="a moment ago"):
                await call


async def test_each_worker_has_its_share_while_redis_is_away(server):
    async with worker(server.url) as store, worker(server.url) as other:
        await until(lambda: store.meters.live_workers == other.meters.live_workers == 2)
        server.stop()
        results = []
        for each in (store, other):
            subject = Subject(each)
            await unavailable(subject)
            results += [
                await each.meters.local.take(name(), [subject.of_bucket(10, 1)]) for _ in range(7)
            ]
    assert [type(one) for one in results] == 2 * [*5 * [Taken], *2 * [Refused]]


async def test_what_runs_and_what_is_not_stored_counts_in_the_share(server):
    async with worker(server.url) as store:
        subject = Subject(store)
        await subject.known(10, 1)
        await subject.take(subject.of_slots(2), subject.of_period(100, 30))
        await subject.settle(name(), subject.used_of_period(5))
        server.stop()
        await unavailable(subject)
        local = store.meters.local
        period, slots = subject.of_period(100, 1), subject.of_slots(2)
        assert await local.take(name(), [period]) == Unknown((subject.period,))
        await local.seed([subject.base(10, 1)])
        assert [one.used for one in await local.read([period, slots])] == [45, 1]
        assert isinstance(await local.take(name(), [slots, period]), Taken)
        assert isinstance(await local.take(name(), [slots]), Refused)


async def test_what_is_used_while_redis_is_away_comes_to_it_once(server):
    async with worker(server.url) as store:
        subject = Subject(store)
        await subject.known()
        ended, running_on, stored = name(), name(), name()
        asks = [subject.of_period(100, 10), subject.of_slots(9)]
        await subject.take(*asks, reservation=ended)
        server.stop()
        await unavailable(subject)
        local = store.meters.local
        await local.seed([subject.base(0, 0)])
        for one in (running_on, stored):
            assert isinstance(await local.take(one, asks), Taken)
        for one, amount in ((ended, 4), (stored, 7)):
            store.meters.settle(Settlement(one, (subject.used_of_period(amount),)))
        assert [one.used for one in await local.read(asks)] == [21, 1]
        store.meters.flushed([subject.base(7, 1, stored)])
        server.start()
        await until_back(subject)
        await store.meters.seed([subject.base(7, 1)])
        await until_used(subject, asks[0], 21)
        await until_used(subject, asks[1], 1)
        await subject.settle(running_on, subject.used_of_period(1))
        assert [await subject.used(ask) for ask in asks] == [12, 0]


async def test_a_slow_redis_is_not_waited_for(server):
    async with worker(server.url, cap_seconds=0.05) as store:
        subject = Subject(store)
        with server.frozen():
            reservations = [name() for _ in range(FAILURES)]
            for one in reservations:
                with pytest.raises(MetersUnavailableError, match="slow"):
                    await subject.take(subject.of_slots(1), reservation=one)
            with pytest.raises(MetersUnavailableError, match="a moment ago"):
                await subject.take(subject.of_slots(1))
            local = store.meters.local
            assert isinstance(await local.take(reservations[0], [subject.of_slots(1)]), Taken)
        await until_back(subject)
        await until_used(subject, subject.of_slots(1), 1)


async def unavailable(subject: Subject) -> None:
    with pytest.raises(MetersUnavailableError):
        await subject.take(subject.of_slots(1))


async def until_back(subject: Subject) -> None:
    """Redis answers, and has been told again."""

    async def is_back() -> bool:
        await subject.meters.read([])
        return not subject.meters.local.is_active

    await eventually(is_back)


async def until_used(subject: Subject, ask: Ask, amount: int) -> None:
    """The worker tells within seconds what it did meanwhile."""

    async def is_used() -> bool:
        return await subject.used(ask) == amount

    await eventually(is_used)


async def eventually(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with suppress(MetersUnavailableError):
                if await is_so():
                    return
            await asyncio.sleep(0.05)
