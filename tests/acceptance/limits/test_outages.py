"""Redis away, emptied or slow: limits do what they are set up for, and are exact afterwards."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis

from tests.acceptance.limits.site import Crowd, Site, running_site, statuses, together
from tests.acceptance.limits.sums import equal_sums
from tests.acceptance.resilience.routed import connection
from tests.support import parts
from tests.support.api import CHAT, chat_body
from tests.support.processes import PATIENCE_SECONDS
from tests.support.redis_server import RedisServer
from tests.support.scripted_upstream import BilledUpstream, answer, numbered
from tests.support.slow_proxy import SlowProxy
from tests.support.stores import BACKINGS, Stores

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(200)]

WORDS = 100
PRICE = {"model": "one", "input_per_million": "0", "output_per_million": "10"}
TEN_CHATS = "0.01"
BURST = 80
NOT_TWICE = 73  # of 40, of which 7 are used
SLOW_SECONDS = 0.2
CHATTERS = 12
Clients = dict[str, str]  # the key of each user


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    server = RedisServer(parts.require("redis-server", parts.program("redis-server")).address)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def proxy(server: RedisServer) -> Iterator[SlowProxy]:
    with SlowProxy(server.port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def site(
    stores: Stores,
    upstream: BilledUpstream,
    proxy: SlowProxy,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    environment = {
        "REDIS_URL": f"redis://127.0.0.1:{proxy.port}/0",
        "GATEWAY_LIMITS_REDIS_SECONDS": "0.1",
    }
    directory = tmp_path_factory.mktemp("outages")
    with running_site(stores, BACKINGS[1], directory, upstream, **environment) as site:
        site.offer([connection("only", upstream, "one")])
        site.make(prices=[PRICE])
        upstream.tell(answer(numbered(WORDS)))
        yield site


def clients(site: Site, case: str) -> Clients:
    """Users whose limits differ in what holds without Redis."""
    limits: dict[str, dict[str, Any]] = {
        "closed": {"metric": "usd", "window": "month", "amount": TEN_CHATS},
        "local": {"metric": "requests", "window": "total", "amount": "40"},
        "rate": {"metric": "requests", "window": "minute", "amount": "40"},
        "open": {"metric": "requests", "window": "day", "amount": "5", "on_outage": "open"},
    }
    told = [
        {"label": f"{case} {name}", "user": f"{case}-{name}"} | fields
        for name, fields in limits.items()
    ]
    keys, _ = site.make([each["user"] for each in told], told)
    return {name: keys[f"{case}-{name}"] for name in limits}


async def chats(crowd: Crowd, key: str, count: int) -> list[httpx.Response]:
    """``count`` chats, of which some at once, by clients that try again what is unavailable."""
    at_once = asyncio.Semaphore(CHATTERS)

    async def chat() -> httpx.Response:
        async with at_once:
            return await persistent(crowd, key)

    return await together(chat() for _ in range(count))


async def persistent(crowd: Crowd, key: str) -> httpx.Response:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while is_for_now(response := await one(crowd, key)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return response


def is_for_now(response: httpx.Response) -> bool:
    """Refused since Redis was too late, or since a request holds what it took too late there."""
    if response.status_code != 429:
        return response.status_code == 503
    return bool(response.json()["error"]["code"] == "rate_limit_exceeded")


async def one(crowd: Crowd, key: str) -> httpx.Response:
    return await crowd.post(key, CHAT, chat_body("one", max_tokens=WORDS))


async def passed(crowd: Crowd, key: str, count: int) -> int:
    found = statuses(await chats(crowd, key, count))
    assert found.keys() <= {200, 429}, found
    return found.get(200, 0)


async def burst(crowd: Crowd, key: str) -> Counter[int]:
    """How many of a burst have each status, without a second try."""
    at_once = asyncio.Semaphore(CHATTERS)

    async def chat() -> httpx.Response:
        async with at_once:
            return await one(crowd, key)

    responses = await together(chat() for _ in range(BURST))
    for each in responses:
        if each.status_code == 503:
            assert each.json()["error"]["code"] == "limits_unavailable"
            assert int(each.headers["retry-after"]) >= 1
    return Counter(each.status_code for each in responses)


async def used_before(site: Site, crowd: Crowd, keys: Clients) -> None:
    """What is stored is all that workers know of each other without Redis."""
    assert await passed(crowd, keys["closed"], 4) == 4
    assert await passed(crowd, keys["local"], 7) == 7
    assert await passed(crowd, keys["open"], 7) >= 5
    await equal_sums(site, list(keys.values()), knows_all=False)


async def without_redis(crowd: Crowd, keys: Clients) -> tuple[int, int]:
    """What is declared holds. Returns how many ``closed`` and ``local`` have let through.

    ``closed`` lets none through and ``open`` all, unless a slow Redis looks quick beside a busy
    machine. What it took too late for one request then stands in the way of another (429).
    """
    closed = await burst(crowd, keys["closed"])
    assert closed.keys() <= {200, 429, 503}, closed
    assert closed[503] > BURST // 2, closed
    assert closed[200] <= 6
    rate = await burst(crowd, keys["rate"])
    assert 0 < rate[200] < BURST  # twice the amount
    assert rate[200] + rate[429] == BURST
    let_through = await burst(crowd, keys["open"])
    assert let_through[200] + let_through[429] == BURST
    assert let_through[429] <= 6
    local = await burst(crowd, keys["local"])
    assert local[200] + local[429] == BURST
    # Not exact: a worker does not know yet what the others stored within this second.
    assert 0 < local[200] <= NOT_TWICE
    return closed[200], local[200]


async def afterwards(site: Site, crowd: Crowd, keys: Clients, closed: int, local: int) -> None:
    """What fits is let through, nothing is counted twice, and money is exact."""
    assert await passed(crowd, keys["closed"], 10) == 6 - closed
    # Not exact either: some workers still count by themselves while others ask Redis again.
    assert max(33 - local, 0) <= await passed(crowd, keys["local"], 40) <= NOT_TWICE - local
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await one(crowd, keys["open"])).status_code != 429:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await equal_sums(site, list(keys.values()), knows_all=False)


async def test_redis_that_is_killed_and_comes_back_empty(site: Site, server: RedisServer) -> None:
    keys = await asyncio.to_thread(clients, site, "killed")
    async with Crowd(site) as crowd:
        await used_before(site, crowd, keys)
        await asyncio.to_thread(server.kill)
        passed_by = await without_redis(crowd, keys)
        await asyncio.to_thread(server.start)
        await afterwards(site, crowd, keys, *passed_by)


async def test_redis_that_is_emptied(site: Site, server: RedisServer) -> None:
    keys = await asyncio.to_thread(clients, site, "emptied")
    async with Crowd(site) as crowd:
        assert await passed(crowd, keys["closed"], 4) == 4
        assert await passed(crowd, keys["local"], 7) == 7
        assert await passed(crowd, keys["open"], 7) >= 5
        with redis.Redis.from_url(server.url) as client:
            client.flushall()
        await afterwards(site, crowd, keys, 0, 0)


async def test_redis_that_is_slow(site: Site, proxy: SlowProxy) -> None:
    keys = await asyncio.to_thread(clients, site, "slow")
    async with Crowd(site) as crowd:
        await used_before(site, crowd, keys)
        proxy.seconds = SLOW_SECONDS
        try:
            passed_by = await without_redis(crowd, keys)
        finally:
            proxy.seconds = 0.0
        await afterwards(site, crowd, keys, *passed_by)
