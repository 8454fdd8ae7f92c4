from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from functools import partial

import pytest
import redis
from django.conf import settings
from redis.crc import key_slot

from limits.meters.interface import MetersUnavailableError, Refused, Settlement, Taken, Unknown
from limits.meters.redis_meters import NotYetError
from limits.meters.redis_scripts import EPOCH, LONGEST_SECONDS
from tests.limits.contract import MetersContract, Subject, name, outcomes
from tests.limits.redis_store import RedisStore, keys, running, until
from tests.support.environment import ROOT
from tests.support.processes import PATIENCE_SECONDS


@pytest.fixture
async def store(redis_server):
    async with running(settings.REDIS_URL) as meters:
        yield RedisStore(settings.REDIS_URL, meters)


@pytest.fixture
async def own(server):
    """Meters in it."""
    async with running(server.url) as meters:
        yield RedisStore(server.url, meters)


class TestRedisMeters(MetersContract):
    pass


async def test_workers_share_what_is_used(store):
    async with running(store.url) as others:
        one, other = Subject(store), Subject(RedisStore(store.url, others))
        other.period = one.period
        await one.known()
        found = await asyncio.gather(
            outcomes(one, [one.of_period(10, 10, 1)], 50),
            outcomes(other, [other.of_period(10, 10, 1)], 50),
        )
    assert sum(found, Counter()) == {Taken: 1, Refused: 99}


async def test_processes_share_what_is_used(store):
    subject = Subject(store)
    await subject.known()
    command = [sys.executable, "-m", "tests.limits.taking_process"]
    command += [store.url, subject.period, "7", "20"]
    processes = [
        await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    told = [await each.communicate() for each in processes]
    assert sum(int(out) for out, _ in told) == 7


async def test_all_keys_are_in_one_slot_and_expire(store):
    subject = Subject(store)
    await subject.known()
    reservation = name()
    asks = [subject.of_period(9, 1), subject.of_bucket(9, 1), subject.of_slots(9)]
    await subject.take(*asks)
    await subject.take(*asks, reservation=reservation)
    await subject.settle(reservation, subject.used_of_period(1), subject.used_of_bucket(1, 9))
    await subject.flushed(subject.base(1, 1, reservation, name()))
    found = keys(store.url)
    assert len({key_slot(key.encode()) for key in found}) == 1
    assert len(found) >= 8
    assert [key for key, seconds in found.items() if seconds < 0] == []
    used = {key: seconds for key, seconds in found.items() if subject.period in key}
    assert used
    assert max(used.values()) <= LONGEST_SECONDS


async def test_an_amount_beyond_what_redis_counts_to_is_as_good_as_none(store):
    subject = Subject(store)
    await subject.known()
    assert isinstance(await subject.take(subject.of_period(10**20, 1)), Taken)


@pytest.mark.parametrize("count", [-1, 1.5, True])
async def test_what_is_no_count_is_not_sent(store, count):
    subject = Subject(store)
    with pytest.raises(ValueError, match="is not a count"):
        await subject.take(subject.of_slots(1), subject.of_bucket(10, 1, count))
    assert await subject.used(subject.of_slots(1)) == 0


async def test_a_use_that_is_no_count_is_an_error_of_the_caller(store):
    subject = Subject(store)
    with pytest.raises(ValueError, match="is not a count"):
        store.meters.settle(Settlement(name(), (subject.used_of_period(-5),)))


async def test_leases_of_long_requests_are_renewed(redis_server):
    at = 0.0
    async with running(settings.REDIS_URL, clock=lambda: at) as meters:
        store = RedisStore(settings.REDIS_URL, meters)
        subject = Subject(store)
        await subject.known()
        asks = [subject.of_period(10, 10), subject.of_slots(1)]
        await subject.take(*asks)
        for _ in range(3):
            await store.advance(50)
            at += 50
            before = lease(subject)
            await until(partial(is_longer, subject, before))
        await store.written()
        assert [await subject.used(ask) for ask in asks] == [10, 1]


def reads_and_scripts(url: str) -> tuple[int, int]:
    """How often Redis has read from its clients, and how many scripts they had it run."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        scripts = client.info("commandstats").get("cmdstat_evalsha", {"calls": 0})
        return client.info("stats")["total_reads_processed"], scripts["calls"]


async def test_a_request_waits_for_redis_once_and_is_settled_behind_it(own):
    subject = Subject(own)
    await subject.known()
    await subject.take(subject.of_slots(100))  # from now on Redis knows the scripts
    await subject.settle(name(), subject.used_of_period(1))
    asks = [subject.of_bucket(100, 1), subject.of_period(100, 1), subject.of_slots(100)]
    uses = (subject.used_of_bucket(1, 100), subject.used_of_period(1))
    requests = [name() for _ in range(20)]
    _, before = reads_and_scripts(own.url)
    for request in requests:
        assert isinstance(await subject.take(*asks, reservation=request), Taken)
    reads_taken, taken = reads_and_scripts(own.url)
    for request in requests:
        own.meters.settle(Settlement(request, uses))
    _, waiting = reads_and_scripts(own.url)
    await own.written()
    reads_settled, settled = reads_and_scripts(own.url)
    assert (taken - before, waiting - taken, settled - waiting) == (20, 0, 20)
    assert reads_settled - reads_taken < 20  # in one pipeline; the looks of this test read as well


async def test_an_emptied_redis_is_told_again_what_runs_and_what_is_not_stored(own):
    subject = Subject(own)
    await subject.known()
    settled, stored = name(), name()
    await subject.take(subject.of_period(100, 10), subject.of_slots(5), subject.of_bucket(100, 10))
    await subject.settle(settled, subject.used_of_period(7))
    await subject.settle(stored, subject.used_of_period(20))
    await subject.flushed(subject.base(20, 1, stored))
    empty(own)
    await until(lambda: keys(own.url).get(EPOCH) is not None)
    # Redis may have begun anew before the worker hears of it.
    assert await known_at_last(subject, subject.of_period(100, 1)) == Unknown((subject.period,))
    await own.written()
    await subject.known(20, 1)
    assert await subject.used(subject.of_period(100, 0)) == 37
    assert await subject.used(subject.of_slots(5)) == 1
    assert await subject.used(subject.of_bucket(100, 0)) == pytest.approx(10, abs=5)


async def test_every_worker_tells_an_emptied_redis_what_it_knows(own):
    async with running(own.url) as others:
        mine, theirs = Subject(own), Subject(RedisStore(own.url, others))
        theirs.period = mine.period
        await mine.known()
        await mine.settle(name(), mine.used_of_period(3))
        await theirs.settle(name(), theirs.used_of_period(4))
        await theirs.take(theirs.of_period(100, 5))
        await until(lambda: own.meters.live_workers == 2)
        empty(own)
        with pytest.raises(NotYetError):
            await mine.take(mine.of_period(100, 1))
        assert isinstance(await known_at_last(mine, mine.of_period(100, 1)), Unknown)
        await mine.known()
        assert await mine.used(mine.of_period(100, 0)) == 12


async def test_what_was_flushed_meanwhile_is_not_counted_twice(own):
    subject = Subject(own)
    await subject.known()
    reservation = name()
    await subject.settle(reservation, subject.used_of_period(7))
    empty(own)
    await subject.flushed(subject.base(7, 1, reservation))
    await until(lambda: keys(own.url).get(EPOCH) is not None)
    await own.written()
    assert await subject.used(subject.of_period(100, 0)) == 7


async def test_what_is_settled_while_redis_is_away_is_written_later(own, server):
    subject = Subject(own)
    await subject.known()
    reservation = name()
    await subject.take(subject.of_period(100, 50), reservation=reservation)
    server.stop()
    own.meters.settle(Settlement(reservation, (subject.used_of_period(5),)))
    with pytest.raises(MetersUnavailableError):
        await subject.take(subject.of_period(100, 1))
    with pytest.raises(MetersUnavailableError):
        await subject.known()
    with pytest.raises(MetersUnavailableError):
        await subject.reading(subject.of_period(100, 0))
    server.start()
    await own.written()
    await subject.known(3, 1)
    assert await subject.used(subject.of_period(100, 0)) == 8


async def test_a_server_that_comes_back_with_an_old_state_is_not_believed(own, server):
    subject = Subject(own)
    await subject.known()
    one, other = name(), name()
    await subject.settle(one, subject.used_of_period(5))
    with redis.Redis.from_url(own.url) as client:
        client.save()
        before = client.get(EPOCH)
    await subject.flushed(subject.base(5, 1, one))
    await subject.settle(other, subject.used_of_period(7))
    server.stop()
    server.start()
    with redis.Redis.from_url(own.url) as client:
        await until(lambda: client.get(EPOCH) != before)
    await own.written()
    await until(lambda: not own.meters.is_rebuilding)
    await subject.known(5, 1)
    assert await subject.used(subject.of_period(100, 0)) == 12


async def test_a_take_whose_reply_comes_too_late_is_given_up(server):
    async with running(server.url, cap_seconds=0.05) as meters:
        store = RedisStore(server.url, meters)
        subject = Subject(store)
        reservation = name()
        ask = subject.of_slots(1)
        assert await reading(subject, ask) == 0
        with server.frozen(), pytest.raises(MetersUnavailableError):
            await subject.take(ask, reservation=reservation)
        await until(lambda: not any("held" in key for key in keys(store.url)))
        assert await taken_at_last(subject, ask, reservation)
        assert await reading(subject, ask) == 1


def be_busy(loop):
    """Leave less of the loop's time to others than a reply takes to be read."""
    time.sleep(0.06)
    loop.call_soon(be_busy, loop)


async def test_a_busy_worker_does_not_take_redis_for_slow(server):
    async with running(server.url, cap_seconds=0.05) as meters:
        subject = Subject(RedisStore(server.url, meters))
        be_busy(asyncio.get_running_loop())
        assert await reading(subject, subject.of_slots(1)) == 0


async def test_a_take_whose_request_is_cancelled_is_given_up(server):
    async with running(server.url) as meters:
        subject = Subject(RedisStore(server.url, meters))
        ask = subject.of_slots(1)
        with server.frozen():
            tasks = [asyncio.create_task(subject.take(ask)) for _ in range(50)]
            await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        assert await taken_at_last(subject, ask, name())
        found = await outcomes(subject, [subject.of_slots(101)], 100)
        assert found == {Taken: 100}  # no connection is lost


async def test_a_redis_that_is_full_is_away(own):
    subject = Subject(own)
    with redis.Redis.from_url(own.url) as client:
        client.config_set("maxmemory", 1)
        with pytest.raises(MetersUnavailableError):
            await subject.take(subject.of_slots(1))
        own.meters.settle(Settlement(name(), (subject.used_of_bucket(5, 10),)))
        client.config_set("maxmemory", 0)
    await own.written()
    assert await subject.used(subject.of_bucket(10, 0)) == pytest.approx(5, abs=1)


async def test_a_redis_that_forgot_its_scripts_is_sent_them(store):
    subject = Subject(store)
    await subject.known()
    with redis.Redis.from_url(store.url) as client:
        client.script_flush()
    await subject.settle(name(), subject.used_of_period(5))
    assert await subject.used(subject.of_period(10, 0)) == 5


async def test_a_settlement_that_comes_again_after_its_flush_counts_once(store):
    subject = Subject(store)
    await subject.known()
    reservation = name()
    uses = (subject.used_of_period(5), subject.used_of_bucket(5, 100))
    await subject.settle(reservation, *uses)
    await subject.flushed(subject.base(5, 1, reservation))
    await subject.settle(reservation, *uses)
    assert await subject.used(subject.of_period(100, 0)) == 5
    assert await subject.used(subject.of_bucket(100, 0)) == pytest.approx(5, abs=1)


async def test_workers_are_counted(own, server):
    meters = own.meters
    async with running(own.url, workers=7) as other:
        await until(lambda: (meters.live_workers, other.live_workers) == (2, 2))
    await until(lambda: meters.live_workers == 1)
    async with running(own.url):
        await until(lambda: meters.live_workers == 2)
        server.stop()
        with pytest.raises(MetersUnavailableError):
            await meters.read([])
    assert meters.live_workers == 2  # as far as it was heard
    async with running(own.url, workers=7) as other:
        assert other.live_workers == 7


async def test_a_worker_that_ends_writes_what_waits(own):
    subject = Subject(own)
    await subject.known()
    async with running(own.url) as other:
        other.settle(Settlement(name(), (subject.used_of_period(5),)))
    assert await subject.used(subject.of_period(10, 0)) == 5


def lease(subject: Subject) -> float:
    """When the only lease of the slots ends."""
    url = subject.store.url
    [key] = [key for key in keys(url) if f"leases:{subject.slots}" in key]
    with redis.Redis.from_url(url) as client:
        [(_, end)] = client.zrange(key, 0, -1, withscores=True)
    return end


def is_longer(subject: Subject, than: float) -> bool:
    return lease(subject) > than


def empty(store: RedisStore) -> None:
    with redis.Redis.from_url(store.url) as client:
        client.flushall()


async def reading(subject: Subject, ask) -> int:
    """What is used, once Redis tells in time."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await subject.used(ask)
            except MetersUnavailableError:
                await asyncio.sleep(0.05)


async def known_at_last(subject: Subject, ask) -> Taken | Refused | Unknown:
    """What a take says once Redis was told what workers know."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await subject.take(ask)
            except NotYetError:
                await asyncio.sleep(0.01)


async def taken_at_last(subject: Subject, ask, reservation: str) -> bool:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                if isinstance(await subject.take(ask, reservation=reservation), Taken):
                    return True
            except MetersUnavailableError:
                pass
            await asyncio.sleep(0.05)
