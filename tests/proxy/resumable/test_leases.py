"""Streams that are counted in Redis, and recordings that are listed there."""

import asyncio
import time

import pytest
from redis.asyncio import Redis

from proxy.resumable import finished as kept
from proxy.resumable import leases
from proxy.resumable.redis_clients import Connections, connections
from tests.support.processes import PATIENCE_SECONDS


@pytest.fixture
async def store(redis_server, settings):
    settings.GATEWAY_RESUMABLE_MAX_STREAMS = 2
    settings.GATEWAY_RESUMABLE_MAX_STREAMS_TOTAL = 3
    settings.GATEWAY_RESUMABLE_MAX_KEPT = 2
    settings.GATEWAY_RESUMABLE_KEY_BYTES = 100
    async with Redis.from_url(settings.REDIS_URL) as client:
        yield client
        if found := [key async for key in client.scan_iter("gatehouse:*")]:
            await client.delete(*found)
        await connections().aclose()


async def test_a_lease_is_free_when_it_is_given_back(store):
    taken = [await leases.take("ada", f"req_{number}") for number in range(3)]
    assert taken == [True, True, False]
    await leases.give_back("ada", "req_0")
    assert await leases.take("ada", "req_3")


async def test_all_owners_share_a_cap(store):
    assert [await leases.take(owner, f"req_{owner}") for owner in "abcd"] == [True] * 3 + [False]


async def test_the_lease_of_a_worker_that_is_gone_is_free(store):
    for number in range(2):
        await leases.take("ada", f"req_{number}")
    past = time.time() - 1
    for key in ("gatehouse:streams", "gatehouse:streams:ada"):
        await store.zadd(key, {"req_0": past})
    assert await leases.take("ada", "req_2")


async def test_a_host_whose_clock_is_ahead_takes_no_lease_away(store, monkeypatch):
    for number in range(2):
        await leases.take("ada", f"req_{number}")
    right = time.time()
    monkeypatch.setattr(time, "time", lambda: right + 3600)
    assert not await leases.take("ada", "req_2")


async def test_a_host_whose_clock_is_behind_holds_its_leases(store, monkeypatch):
    right = time.time()
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: right - 3600)
        for number in range(2):
            await leases.take("ada", f"req_{number}")
        await leases.renew({"req_0": "ada"})
    assert not await leases.take("ada", "req_2")


async def test_a_host_whose_clock_is_ahead_removes_no_recording(store, monkeypatch):
    await list_one(store, "a", 1)
    right = time.time()
    monkeypatch.setattr(time, "time", lambda: right + 30 * 24 * 3600)
    await list_one(store, "b", 1)
    assert await store.zcard("gatehouse:kept:ada") == 2


async def test_a_lease_that_is_renewed_is_held(store):
    await leases.take("ada", "req_0")
    await store.delete("gatehouse:streams", "gatehouse:streams:ada")
    await leases.renew({"req_0": "ada", "req_1": "ada"})
    assert not await leases.take("ada", "req_2")
    for key in ("gatehouse:streams", "gatehouse:streams:ada"):
        assert 0 < await store.ttl(key) <= leases.LEASE_SECONDS


async def test_without_redis_each_worker_counts_by_itself(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert await leases.take("ada", "req_0")
    await leases.renew({"req_0": "ada"})
    await leases.give_back("ada", "req_0")


async def list_one(store, request_id, size_bytes):
    await store.set(f"gatehouse:stream:{request_id}:owner", "ada", ex=60)
    await kept.add("ada", request_id, size_bytes)


async def still_there(store, *request_ids):
    return [await store.exists(f"gatehouse:stream:{one}:owner") for one in request_ids]


async def test_too_many_recordings_lose_the_oldest(store):
    for name in "abc":
        await list_one(store, name, 1)
    assert await still_there(store, *"abc") == [0, 1, 1]
    for key in ("gatehouse:kept", "gatehouse:kept:ada"):
        assert await store.zcard(key) == 2
        assert await store.ttl(key) > 0


async def test_too_many_bytes_lose_the_oldest(store):
    await list_one(store, "a", 80)
    await list_one(store, "b", 30)
    assert await still_there(store, "a", "b") == [0, 1]


async def test_connections_are_as_many_as_may_be(store):
    lent = Connections(most=2)
    open_at_once = 0
    most = 0

    async def use():
        nonlocal open_at_once, most
        async with lent.one() as client:
            open_at_once += 1
            most = max(most, open_at_once)
            await client.ping()
            open_at_once -= 1

    await asyncio.gather(*(use() for _ in range(20)))
    assert most == 2
    await lent.aclose()


async def test_a_connection_that_is_cancelled_leaves_its_place(store):
    lent = Connections(most=1)

    async def wait():
        async with lent.one() as client:
            await client.blpop("gatehouse:nothing", timeout=0)

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(PATIENCE_SECONDS), lent.one() as client:
        assert await client.ping()
    await lent.aclose()
