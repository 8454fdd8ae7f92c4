"""Lists of models while upstreams, Redis and other workers do as they like."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest
import redis

from tests.support import parts
from tests.support.api import CHAT, chat_body, client_of, listed, wait_for_models
from tests.support.live import LiveGateway
from tests.support.parts import Part
from tests.support.processes import wait_until
from tests.support.redis_server import RedisServer, bundled_executable
from tests.support.responders import complete_chat, hang, list_models
from tests.support.upstream import ScriptedUpstream, model_entry

pytestmark = pytest.mark.acceptance

MODELS = "/v1/models"
EVERYONE = [{"models": ["*"], "everyone": True}]


@pytest.fixture
def upstreams():
    with (
        ScriptedUpstream(models=("slow-model",)) as slow,
        ScriptedUpstream(models=("good-model",)) as good,
    ):
        yield slow, good


@pytest.fixture
def redis_of_our_own():
    executable = bundled_executable()
    found = executable and Part(name="Redis", version="bundled", address=str(executable))
    server = RedisServer(parts.require("Redis", found or None).address)
    server.start()
    yield server
    server.close()


def entries(*upstreams, **fields):
    return [
        {"name": f"up-{number}", "base_url": each.url, "auth_type": "none", **fields}
        for number, each in enumerate(upstreams)
    ]


def entry_of(client, model):
    data = client.get(MODELS).raise_for_status().json()["data"]
    return next((entry for entry in data if entry["id"] == model), {})


def test_a_black_hole_costs_a_cold_list_its_own_deadline_and_a_warm_one_nothing(
    start_gateway, upstreams
):
    slow, good = upstreams
    slow.on("GET", MODELS, hang())
    gateway = start_gateway(AIOHTTP_CLIENT_TIMEOUT_MODEL_LIST="2")
    key = gateway.configured_for("alice", connections=entries(*upstreams), grants=EVERYONE)
    with client_of(gateway, key) as alice:
        wait_for_models(alice, "good-model")
        assert alice.post(CHAT, json=chat_body("good-model")).status_code == 200
        started = time.monotonic()
        for _ in range(10):
            assert listed(alice) == {"good-model"}
        assert time.monotonic() - started < 10  # with the deadline for each it is 20
        good.models.append(model_entry("new-model"))
        wait_for_models(alice, "good-model", "new-model")


def test_models_of_an_upstream_that_falls_silent_stay_and_fail_as_they_should(
    start_gateway, upstreams
):
    slow, _ = upstreams
    gateway = start_gateway(AIOHTTP_CLIENT_TIMEOUT_MODEL_LIST="0.5")
    key = gateway.configured_for(
        "alice", connections=entries(*upstreams, timeout_seconds=1), grants=EVERYONE
    )
    with client_of(gateway, key) as alice:
        wait_for_models(alice, "slow-model", "good-model")
        slow.on("GET", MODELS, hang())
        slow.on("POST", CHAT, hang())
        wait_until(lambda: "stale" in entry_of(alice, "slow-model"), what="staleness")
        assert "stale" not in entry_of(alice, "good-model")
        assert alice.post(CHAT, json=chat_body("slow-model")).status_code in {502, 504}
        assert alice.post(CHAT, json=chat_body("no-model")).status_code == 404
        slow.on("GET", MODELS, list_models)
        slow.on("POST", CHAT, complete_chat)
        wait_until(lambda: "stale" not in entry_of(alice, "slow-model"), what="news")
        assert alice.post(CHAT, json=chat_body("slow-model")).status_code == 200


def test_two_gateways_refuse_what_is_revoked(start_gateway, upstreams, tmp_path):
    first = start_gateway("postgres+redis")
    second = LiveGateway(first.backing, tmp_path, first.environment)
    second.start()
    try:
        key = first.api_key("alice")
        grants = [{"models": ["*"], "users": ["alice"]}]
        first.configure(connections=entries(upstreams[1]), grants=grants)
        with ExitStack() as stack:
            clients = [stack.enter_context(client_of(each, key)) for each in (first, second)]
            for client in clients:
                wait_for_models(client, "good-model")
                assert client.post(CHAT, json=chat_body("good-model")).status_code == 200
            first.manage("revoke", "*", "--user", "alice")
            for client in clients:
                wait_until(
                    lambda client=client: (
                        client.post(CHAT, json=chat_body("good-model")).status_code == 404
                    ),
                    what="the refusal",
                )
                assert listed(client) == set()
    finally:
        second.stop()


def test_two_gateways_share_what_one_of_them_heard(start_gateway, upstreams, tmp_path):
    _, good = upstreams
    first = start_gateway("postgres+redis", MODELS_CACHE_TTL="600")
    key = first.configured_for("alice", connections=entries(good), grants=EVERYONE)
    with client_of(first, key) as client:
        wait_for_models(client, "good-model")
    asked = len(good.requests)
    second = LiveGateway(first.backing, tmp_path, first.environment)
    second.start()
    try:
        with client_of(second, key) as client:
            assert listed(client) == {"good-model"}
        assert len(good.requests) == asked
    finally:
        second.stop()


def test_lists_keep_coming_while_redis_is_killed_flushed_full_and_frozen(
    start_gateway, upstreams, redis_of_our_own
):
    slow, good = upstreams
    gateway = start_gateway(REDIS_URL=redis_of_our_own.url)
    key = gateway.configured_for("alice", connections=entries(slow, good), grants=EVERYONE)
    with client_of(gateway, key) as alice:
        expected = ["slow-model", "good-model"]
        wait_for_models(alice, *expected)

        def still_in_touch(name):
            """What the upstream adds is still heard of."""
            good.models.append(model_entry(name))
            expected.append(name)
            wait_for_models(alice, *expected)

        redis_of_our_own.stop()
        assert listed(alice) == set(expected)
        still_in_touch("while-killed")
        redis_of_our_own.start()
        still_in_touch("after-restart")
        with redis.Redis.from_url(redis_of_our_own.url) as server:
            server.flushall()
            assert listed(alice) == set(expected)
            still_in_touch("after-flush")
            server.config_set("maxmemory", "1")
            server.config_set("maxmemory-policy", "noeviction")
            still_in_touch("while-full")
        with redis_of_our_own.frozen():
            assert listed(alice) == set(expected)
            still_in_touch("while-frozen")
