"""Recordings that are listed in Redis, and go."""

import time

from proxy.resumable import finished


async def list_one(store, request_id, size_bytes, owner="ada"):
    await store.set(f"gatehouse:stream:{request_id}:owner", owner, ex=60)
    await finished.add(owner, request_id, size_bytes)


async def still_there(store, *request_ids):
    return [await store.exists(f"gatehouse:stream:{one}:owner") for one in request_ids]


async def test_too_many_recordings_lose_the_oldest(store):
    for name in "abc":
        await list_one(store, name, 1)
    assert await still_there(store, *"abc") == [0, 1, 1]
    # Among all recordings there may be some that other tests' servers left.
    for key in ("gatehouse:kept", "gatehouse:kept:ada"):
        assert {b"1/ada/b", b"1/ada/c"} <= set(listed := await store.zrange(key, 0, -1))
        assert b"1/ada/a" not in listed
        assert await store.ttl(key) > 0


async def test_too_many_bytes_lose_the_oldest(store):
    await list_one(store, "a", 80)
    await list_one(store, "b", 30)
    assert await still_there(store, "a", "b") == [0, 1]


async def test_too_many_bytes_of_all_lose_the_oldest_of_anybody(store, settings, monkeypatch):
    monkeypatch.setattr(finished, "LOOK_AT_ALL_SECONDS", 0)
    settings.GATEWAY_RESUMABLE_TOTAL_BYTES = 100
    await list_one(store, "a", 60, owner="ada")
    await list_one(store, "b", 60, owner="bob")
    assert await still_there(store, "a", "b") == [0, 1]


async def test_without_redis_nothing_is_thinned_out_and_nothing_fails(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    await finished.add("ada", "req_0", 1)


async def test_a_host_whose_clock_is_ahead_removes_no_recording(store, monkeypatch):
    await list_one(store, "a", 1)
    right = time.time()
    monkeypatch.setattr(time, "time", lambda: right + 30 * 24 * 3600)
    await list_one(store, "b", 1)
    assert await store.zcard("gatehouse:kept:ada") == 2
