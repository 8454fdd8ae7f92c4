"""Two gateways on one database and one Redis: what is revoked at one is refused by the other."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.api import client_of
from tests.support.live import LiveGateway
from tests.support.processes import wait_until
from tests.support.redis_server import RedisServer, bundled_executable

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def own_redis() -> Iterator[RedisServer]:
    """A Redis that a test may stop."""
    executable = bundled_executable() or shutil.which("redis-server")
    if executable is None:
        pytest.skip("Redis is not here")
    server = RedisServer(Path(executable))
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def two_gateways(stores, own_redis, tmp_path_factory) -> Iterator[tuple[LiveGateway, LiveGateway]]:
    directory = tmp_path_factory.mktemp("two")
    with stores.open("postgres+redis", directory / "data") as opened, ExitStack() as stack:
        environment = {"LOG_FORMAT": "json"} | opened | {"REDIS_URL": own_redis.url}
        gateways = []
        for name in ("a", "b"):
            (directory / name).mkdir()
            gateway = LiveGateway("postgres+redis", directory / name, environment)
            gateway.start()
            stack.callback(gateway.stop)
            gateways.append(gateway)
        yield gateways[0], gateways[1]


@pytest.fixture
def key(two_gateways) -> dict[str, str]:
    """A new key that the other gateway knows: its id, its hint, and the key itself."""
    first, second = two_gateways
    made = json.loads(first.manage("create_api_key", "ada", "--create-user", "--json").stdout)
    assert status(second, made["key"]) == 200
    return made


def status(gateway: LiveGateway, key: str) -> int:
    with client_of(gateway, key) as client:
        return client.get("/v1/models").status_code


class Refusal:
    """When the gateway first refused the key, by the clock."""

    def __init__(self) -> None:
        self.at = 0.0


@contextmanager
def watched(gateway: LiveGateway, key: str) -> Iterator[Refusal]:
    """Call with ``key`` all the time, until it is refused."""
    refusal, has_ended = Refusal(), threading.Event()

    def ask() -> None:
        with client_of(gateway, key) as client:
            while not has_ended.is_set():
                if client.get("/v1/models").status_code == httpx.codes.UNAUTHORIZED:
                    refusal.at = time.time()
                    return
                time.sleep(0.01)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield refusal
        wait_until(lambda: refusal.at > 0, what="the refusal")
    finally:
        has_ended.set()
        thread.join()


def stored(gateway: LiveGateway, column: str, key_id: str) -> datetime:
    with psycopg.connect(gateway.environment["DATABASE_URL"]) as connection:
        query = f"SELECT {column} FROM accounts_apikey WHERE id = %s"
        row = connection.execute(query, (key_id,)).fetchone()
    assert row is not None
    return row[0]


def test_revoked_key_is_refused_by_the_other_process_within_a_second(two_gateways, key) -> None:
    first, second = two_gateways
    with watched(second, key["key"]) as refusal:
        first.manage("revoke_api_key", key["id"])

    assert refusal.at - stored(first, "revoked_at", key["id"]).timestamp() < 1


def test_user_who_is_demoted_administers_nothing_any_more(two_gateways) -> None:
    first, second = two_gateways
    key = first.api_key("boss", is_admin=True)
    with client_of(second, key) as client:
        assert client.get("/openai/config").status_code == 200
        with psycopg.connect(first.environment["DATABASE_URL"]) as connection:
            connection.execute("UPDATE accounts_user SET is_staff = false WHERE username = 'boss'")
            connection.execute("UPDATE accounts_configversion SET people = people + 1")
        wait_until(
            lambda: client.get("/openai/config").status_code == httpx.codes.FORBIDDEN,
            what="the demotion",
        )
        assert client.get("/v1/models").status_code == 200


def test_both_keys_work_until_the_overlap_ends_everywhere(two_gateways, key) -> None:
    first, second = two_gateways
    rotated = json.loads(first.manage("rotate_api_key", key["id"], "--json").stdout)
    for gateway in two_gateways:
        assert (status(gateway, key["key"]), status(gateway, rotated["key"])) == (200, 200)

    database = psycopg.connect(first.environment["DATABASE_URL"])
    with watched(second, key["key"]) as refusal, database as connection:
        connection.execute(
            "UPDATE accounts_earlierkey SET expires_at = now() WHERE api_key_id = %s",
            (key["id"],),
        )
        connection.execute("UPDATE accounts_configversion SET people = people + 1")
        connection.commit()

    assert refusal.at
    assert status(first, rotated["key"]) == status(second, rotated["key"]) == 200


def test_last_use_is_written_down_when_a_gateway_stops(stores, two_gateways, key) -> None:
    first, second = two_gateways
    assert stored(first, "last_used_at", key["id"]) is None
    second.stop()
    second.start()

    assert stored(first, "last_used_at", key["id"]) is not None


def test_without_redis_a_revoked_key_is_refused_within_five_seconds(
    two_gateways, own_redis, key
) -> None:
    first, second = two_gateways
    own_redis.stop()
    try:
        with watched(second, key["key"]) as refusal:
            first.manage("revoke_api_key", key["id"])
        assert refusal.at - stored(first, "revoked_at", key["id"]).timestamp() < 5
    finally:
        own_redis.start()
