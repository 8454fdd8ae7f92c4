"""A worker that is killed in the middle of a request keeps no slot and no money."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil
import pytest
import redis

from limits.meters.interface import LEASE_SECONDS
from limits.meters.redis_scripts import PREFIX
from tests.acceptance.limits.site import Site
from tests.acceptance.limits.sums import equal_sums
from tests.acceptance.resilience.routed import connection
from tests.support.api import CHAT, asked, chat_body, client_of
from tests.support.live import LiveGateway
from tests.support.processes import wait_until
from tests.support.scripted_upstream import BilledUpstream, silent
from tests.usage.rows import rows_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(200)]

MICRO = 1_000_000
PRICES = [
    {"model": model, "input_per_million": "3", "output_per_million": "7.000001"}
    for model in ("well", "stuck")
]
LIMITS: list[dict[str, Any]] = [
    {"label": "one at once", "metric": "concurrency", "window": "", "amount": "1"},
    {"label": "dollars", "metric": "usd", "window": "month", "amount": "100"},
    {"label": "chats", "metric": "requests", "window": "total", "amount": "100"},
]


@pytest.fixture(scope="module")
def stuck() -> Iterator[BilledUpstream]:
    """It falls silent in the middle of each stream; a worker has connections to it only for it."""
    with BilledUpstream() as stuck:
        stuck.tell(silent(after=5))
        yield stuck


@pytest.fixture(scope="module")
def key(site: Site, stuck: BilledUpstream) -> str:
    site.offer([connection("well", site.upstream, "well"), connection("ill", stuck, "stuck")])
    keys, _ = site.make(["killed"], [{"user": "killed"} | each for each in LIMITS], PRICES)
    return keys["killed"]


def ask(gateway: LiveGateway, key: str) -> int:
    with client_of(gateway, key) as client:
        return client.post(CHAT, json=chat_body("well", max_tokens=50)).status_code


def test_what_a_killed_worker_held_is_free_within_its_lease(
    site: Site, stuck: BilledUpstream, key: str
) -> None:
    for gateway in site.gateways:
        assert ask(gateway, key) == 200
    with asked(site.first, key, model="stuck", stream=True, max_tokens=500):
        wait_until(lambda: stuck.hits() == 1, what="the stream")
        if site.redis_url:  # just after the start a worker may count by itself for a moment
            wait_until(lambda: len(leases_in(site.redis_url)) == len(LIMITS), what="the leases")
        assert {ask(gateway, key) for gateway in site.gateways} == {429}
        if site.redis_url:
            workers = workers_of(site.first, stuck)
            assert workers
            for worker in workers:
                worker.kill()
        else:
            site.first.kill()
    if site.redis_url:
        assert ask(site.gateways[1], key) == 429
        expire(site.redis_url)
    else:
        site.first.start()
    for gateway in site.gateways:
        wait_until(lambda: ask(gateway, key) == 200, what="the slot")  # noqa: B023
    site.wait_for_workers()
    expected = 2 * len(site.gateways)

    def served() -> list[dict[str, Any]]:
        own = [row for row in rows_of(site.first) if row["username"] == "killed"]
        assert "stuck" not in {row["model"] for row in own}
        return [row for row in own if row["status"] == 200]

    wait_until(lambda: len(served()) == expected, what="all rows")
    asyncio.run(equal_sums(site, [key]))
    assert len(served()) == site.upstream.hits() == expected
    assert site.upstream.bill.output_tokens == sum(row["completion_tokens"] for row in served())


def workers_of(gateway: LiveGateway, upstream: BilledUpstream) -> list[psutil.Process]:
    """The processes of the gateway that have a connection to the upstream."""
    assert gateway.process is not None
    found = []
    for process in psutil.Process(gateway.process.pid).children(recursive=True):
        with suppress(psutil.Error):
            ports = {each.raddr.port for each in process.net_connections("tcp") if each.raddr}
            if upstream.port in ports:
                found.append(process)
    return found


def leases_in(url: str) -> list[tuple[str, str, float]]:
    """The key of each lease in Redis, its reservation, and its end in microseconds."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        return [
            (key, *each)
            for key in client.keys(f"{PREFIX}:leases:*")
            for each in client.zrange(key, 0, -1, withscores=True)
        ]


def expire(url: str) -> None:
    """Let the time of a lease pass, for all leases in Redis, whose clock cannot be moved."""
    leases = leases_in(url)
    with redis.Redis.from_url(url, decode_responses=True) as client:
        seconds, micro = client.time()
        latest = (seconds + LEASE_SECONDS) * MICRO + micro
        assert len(leases) == len(LIMITS)
        for key, reservation, ends_at in leases:
            assert ends_at <= latest
            client.zadd(key, {reservation: ends_at - LEASE_SECONDS * MICRO})
