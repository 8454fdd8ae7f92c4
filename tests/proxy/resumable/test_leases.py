"""Streams that are counted in Redis."""

import time

from proxy.resumable import leases


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
