"""Two gateways whose usage journal is in Redis: one is lost with its disk, or Redis is."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from tests.acceptance.limits.site import Site
from tests.acceptance.limits.sums import equal_sums
from tests.acceptance.resilience.routed import connection
from tests.support.api import CHAT, chat_body, client_of
from tests.support.live import LiveGateway
from tests.support.processes import PATIENCE_SECONDS, wait_until
from tests.support.redis_server import RedisServer
from tests.support.scripted_upstream import BilledUpstream
from tests.support.sockets import heard_to_the_end, open_socket, say
from tests.support.stores import BACKINGS, Stores
from tests.usage.rows import rows_of
from usage.journal_link import KEY
from usage.journal_stream import CLAIM_SECONDS, GROUP

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

TOKEN = "metrics"
LIMITS: list[dict[str, Any]] = [
    {"label": "dollars", "metric": "usd", "window": "month", "amount": "100"},
    {"label": "chats", "metric": "requests", "window": "total", "amount": "100"},
]
PRICES = [{"model": "well", "input_per_million": "3", "output_per_million": "7.000001"}]


@pytest.fixture(scope="module")
def upstream() -> Iterator[BilledUpstream]:
    with BilledUpstream() as upstream:
        yield upstream


@pytest.fixture
def site(
    stores: Stores, own_redis: RedisServer, upstream: BilledUpstream, tmp_path: Path
) -> Iterator[Site]:
    """Two gateways of one worker each."""
    upstream.forget()
    with stores.open(BACKINGS[1], tmp_path / "stores") as opened, ExitStack() as stack:
        told = opened | {
            "LOG_FORMAT": "json",
            "REDIS_URL": own_redis.url,
            "GATEWAY_USAGE_JOURNAL": "redis",
            "GATEWAY_METRICS_TOKEN": TOKEN,
            # How soon Redis answers is a matter of how busy the machine is.
            "GATEWAY_USAGE_REDIS_SECONDS": str(PATIENCE_SECONDS),
            "GATEWAY_LIMITS_REDIS_SECONDS": str(PATIENCE_SECONDS),
        }
        gateways = []
        for name in ("one", "two"):
            (directory := tmp_path / name).mkdir()
            own = told | {"DATA_DIR": str(directory / "data")}
            gateways.append(LiveGateway(BACKINGS[1], directory, own))
            stack.callback(gateways[-1].kill)
            gateways[-1].start()
        site = Site(gateways=tuple(gateways), upstream=upstream, redis_url=own_redis.url)
        site.offer([connection("well", upstream, "well")])
        yield site
        for gateway in gateways:
            gateway.stop()


@contextmanager
def rows_locked(gateway: LiveGateway) -> Iterator[None]:
    """No row is stored meanwhile: whoever wants to waits."""
    with psycopg.connect(gateway.environment["DATABASE_URL"]) as connection:
        connection.execute("LOCK TABLE usage_usagerow IN EXCLUSIVE MODE")
        yield
        connection.rollback()


def chat(gateway: LiveGateway, key: str, **fields: Any) -> str:
    """The request id of a chat that went well."""
    with client_of(gateway, key) as client:
        response = client.post(CHAT, json=chat_body("well", **fields))
    assert response.status_code == 200
    return str(response.headers["x-request-id"])


def stored(gateway: LiveGateway) -> set[str]:
    return {row["request_id"] for row in rows_of(gateway)}


def figure(gateway: LiveGateway, name: str) -> float:
    with client_of(gateway, TOKEN) as client:
        lines = client.get("/metrics").raise_for_status().text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))


def test_a_lost_gateway_and_its_lost_disk_lose_no_record(site: Site) -> None:
    one, two = site.gateways
    keys, _ = site.make(["lost"], [{"user": "lost"} | each for each in LIMITS], PRICES)
    key = keys["lost"]
    for gateway in site.gateways:
        chat(gateway, key)
    with redis.Redis.from_url(site.redis_url) as client:
        wait_until(lambda: client.xlen(KEY) == 0, what="an empty journal")
        with rows_locked(one):
            expected = set()
            for number in range(4):
                expected.add(chat(one, key, stream=bool(number % 2)))
                assert client.xlen(KEY) == number + 1  # before the last byte
            wait_until(lambda: client.xpending(KEY, GROUP)["pending"] > 0, what="a flush")
            expected.add(chat(one, key))
            one.kill()
            assert not list(Path(one.environment["DATA_DIR"], "journal").glob("*"))
            shutil.rmtree(one.environment["DATA_DIR"])
        wait_until(
            lambda: expected <= stored(two),
            what="every record",
            seconds=CLAIM_SECONDS + PATIENCE_SECONDS,
        )
        wait_until(lambda: client.xlen(KEY) == 0, what="an empty journal")
    kept = Site(gateways=(two,), upstream=site.upstream, redis_url=site.redis_url)
    asyncio.run(equal_sums(kept, [key]))
    assert len(rows_of(two)) == site.upstream.hits() == len(expected) + 2


def test_a_chat_on_a_socket_is_in_redis_before_it_ends(site: Site) -> None:
    one, _ = site.gateways
    keys, _ = site.make(["socket"])
    with (
        redis.Redis.from_url(site.redis_url) as client,
        rows_locked(one),
        open_socket(one, keys["socket"]) as socket,
    ):
        for number, request_id in enumerate(("whole", "streamed"), 1):
            is_streamed = request_id == "streamed"
            say(socket, chat_body("well", stream=is_streamed, request_id=request_id))
            heard_to_the_end(socket, request_id)
            assert client.xlen(KEY) == number


def test_records_go_to_files_while_redis_is_away(site: Site, own_redis: RedisServer) -> None:
    one, two = site.gateways
    key = one.api_key("away")
    site.until(key, lambda client: client.get("/v1/models").is_success, what="the key")
    before = {chat(gateway, key) for gateway in site.gateways}
    wait_until(lambda: before <= stored(two), what="the first records")  # this Redis keeps nothing
    own_redis.kill()
    expected = {chat(gateway, key) for gateway in site.gateways for _ in range(3)}
    for gateway in site.gateways:
        assert figure(gateway, "gatehouse_usage_records_diverted_total") == 3
        assert figure(gateway, "gatehouse_usage_records_lost_total") == 0
        assert gateway.log.count("usage records go to the journal in DATA_DIR") == 1
    wait_until(lambda: expected <= stored(two), what="every record")
    own_redis.start()

    def is_back() -> bool:
        chat(two, key)
        with redis.Redis.from_url(own_redis.url) as client:
            return bool(client.exists(KEY))

    wait_until(is_back, what="a record in Redis")
    wait_until(
        lambda: len(rows_of(two)) == site.upstream.hits(), what="every record of all requests"
    )
