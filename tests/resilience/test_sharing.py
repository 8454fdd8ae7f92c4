from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
import redis

from connections.auth.key_pool import KeyPool
from connections.calling.key_pools import KeyPools
from connections.upstream import UpstreamKey
from infrastructure.outages import outages
from infrastructure.redis_outage import REDIS
from resilience.sharing import HASH, Sharing
from resilience.states import States
from tests.support.processes import PATIENCE_SECONDS
from tests.support.redis_server import RedisServer, bundled_executable

SECRET = "sk-upstream-0123456789abcdef"
KEY = UpstreamKey(id="1", secret=SECRET, hint="…cdef")
TARGET = (7, "gpt-4o")


class Worker:
    """What one process would have: a pool, the states of targets, and its part in sharing."""

    def __init__(self, url: str, key: UpstreamKey = KEY) -> None:
        self.pools, self.targets, self.pool = KeyPools(), States(), KeyPool((key,))
        self.pools.replace({7: self.pool})
        self.sharing = Sharing(url, pools=self.pools, targets=self.targets)

    @property
    def has_key(self) -> bool:
        return self.pool.available_in("gpt-4o") == 0

    @property
    def has_target(self) -> bool:
        return not self.targets.of(TARGET).available_at


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_so():  # noqa: ASYNC110 - of several parts that tell nobody
            await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _no_outage() -> Iterator[None]:
    outages.end(REDIS)
    yield
    outages.end(REDIS)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """One of this test's own, which it may stop."""
    executable = bundled_executable()
    if executable is None:
        pytest.skip("no Redis to start")
    server = RedisServer(executable)
    server.start()
    yield server
    server.close()


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(worker.sharing.run()) for worker in workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def listening(server: RedisServer, count: int) -> None:
    """Return once ``count`` workers listen."""
    with redis.Redis.from_url(server.url) as client:
        await until(lambda: dict(client.pubsub_numsub(f"{HASH}:0"))[f"{HASH}:0".encode()] == count)


async def test_what_one_worker_learned_is_known_to_the_other(server) -> None:
    one, two = Worker(server.url), Worker(server.url)
    async with running(one, two):
        await listening(server, 2)
        one.pool.kill(KEY, "401")
        two.targets.of(TARGET).cool(60, "503")
        await until(lambda: not two.has_key and not one.has_target)
        [report] = two.pool.reports()
        assert (report.state, report.reason) == ("dead", "401")
        assert 890 < report.seconds <= 900
        two.pool.revive(two.pool.all[0])
        one.targets.of(TARGET).revive()
        await until(lambda: one.has_key and two.has_target)
    with redis.Redis.from_url(server.url) as client:
        assert client.hlen(HASH) == 0


async def test_a_worker_that_starts_knows_what_the_others_know(server) -> None:
    one, late = Worker(server.url), Worker(server.url)
    async with running(one):
        await listening(server, 1)
        one.pool.cool(KEY, 300, model="gpt-4o", reason="429")
        one.targets.of(TARGET).cool(300, "503")
        with redis.Redis.from_url(server.url) as client:
            await until(lambda: client.hlen(HASH) == 2)
            assert 0 < client.ttl(HASH) <= 1000
    async with running(late):
        await until(lambda: not late.has_key and not late.has_target)
    assert late.pool.available_in("other") == 0


async def test_no_secret_is_told(server) -> None:
    worker = Worker(server.url)
    with redis.Redis.from_url(server.url) as client, client.pubsub() as pubsub:
        pubsub.subscribe(f"{HASH}:0")
        async with running(worker):
            await listening(server, 2)
            worker.pool.kill(KEY, "401")
            await until(lambda: client.hlen(HASH) == 1)
        kept = client.hgetall(HASH)
        told = [pubsub.get_message(timeout=1) for _ in range(2)]
    assert SECRET not in f"{kept} {told}"


async def test_another_secret_under_the_same_id_is_another_key(server) -> None:
    one = Worker(server.url)
    two = Worker(server.url, UpstreamKey(id="1", secret="sk-new", hint="…-new"))
    async with running(one, two):
        await listening(server, 2)
        one.pool.kill(KEY, "401")
        one.targets.of(TARGET).cool(60, "503")
        await until(lambda: not two.has_target)
    assert two.has_key


async def test_a_redis_that_comes_back_is_told_what_was_learned_meanwhile(server) -> None:
    one, two = Worker(server.url), Worker(server.url)
    async with running(one, two):
        await listening(server, 2)
        server.stop()
        one.pool.kill(KEY, "401")
        assert not one.has_key
        server.start()
        await until(lambda: not two.has_key)


async def test_a_redis_that_was_flushed_takes_no_state_away(server) -> None:
    one, two = Worker(server.url), Worker(server.url)
    async with running(one, two):
        await listening(server, 2)
        one.pool.kill(KEY, "401")
        await until(lambda: not two.has_key)
        with redis.Redis.from_url(server.url) as client:
            client.flushall()
        two.targets.of(TARGET).cool(60, "503")
        await until(lambda: not one.has_target)
        assert not one.has_key
        assert not two.has_key


async def test_a_silent_redis_holds_nothing_up(server) -> None:
    one, two = Worker(server.url), Worker(server.url)
    async with running(one, two):
        await listening(server, 2)
        with server.frozen():
            one.pool.kill(KEY, "401")
            assert not one.has_key
            await until(lambda: outages.has(REDIS))
        await until(lambda: not two.has_key)


async def test_a_redis_that_is_full_is_told_and_listened_to(server, caplog) -> None:
    one, two = Worker(server.url), Worker(server.url)
    async with running(one, two):
        await listening(server, 2)
        with redis.Redis.from_url(server.url) as client:
            client.config_set("maxmemory", 1)
            one.pool.kill(KEY, "401")
            await until(lambda: "other workers are not told" in caplog.text)
            client.config_set("maxmemory", 0)
        one.targets.of(TARGET).cool(60, "503")
        await until(lambda: not two.has_target)


async def test_garbage_on_the_channel_is_passed_over(server) -> None:
    one, two = Worker(server.url), Worker(server.url)
    async with running(one, two):
        await listening(server, 2)
        with redis.Redis.from_url(server.url) as client:
            client.hset(HASH, b"\xff", b"\xff")
            for data in (b"", b"x \xff", b"x []", b'x {"connection": "7"}', b"x " + b"[" * 100_000):
                client.publish(f"{HASH}:0", data)
        one.pool.kill(KEY, "401")
        await until(lambda: not two.has_key)
        one.pool.revive(KEY)
        await until(lambda: two.has_key)


async def test_without_redis_each_worker_goes_by_itself() -> None:
    worker = Worker("")
    await worker.sharing.run()
    worker.pool.kill(KEY, "401")
    assert not worker.has_key


async def test_a_change_on_a_thread_is_told(server) -> None:
    one, two = Worker(server.url), Worker(server.url)
    async with running(one, two):
        await listening(server, 2)
        one.pool.kill(KEY, "401")
        await until(lambda: not two.has_key)
        await asyncio.to_thread(two.pool.revive, KEY)
        await until(lambda: one.has_key)
