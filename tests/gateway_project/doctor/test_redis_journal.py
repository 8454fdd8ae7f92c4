import time
from pathlib import Path

import pytest
import redis

from gateway_project.doctor.finding import State
from gateway_project.doctor.redis_journal import redis_journal_findings
from tests.support import parts
from tests.support.redis_server import RedisServer
from usage.journal_link import FIELD, KEY


@pytest.fixture
def server(own_redis, settings):
    settings.REDIS_URL, settings.GATEWAY_USAGE_JOURNAL = own_redis.url, "redis"
    with redis.Redis.from_url(own_redis.url) as server:
        yield server


def test_files_have_no_finding(settings):
    settings.GATEWAY_USAGE_JOURNAL = "files"
    assert list(redis_journal_findings()) == []


def test_a_redis_that_does_not_answer_is_told_of_elsewhere(settings):
    settings.REDIS_URL, settings.GATEWAY_USAGE_JOURNAL = "redis://127.0.0.1:1/0", "redis"
    assert list(redis_journal_findings()) == []


def test_the_records_that_wait_are_counted(server):
    server.xadd(KEY, {FIELD: b"{}"})
    [finding] = redis_journal_findings()
    assert (finding.state, finding.said) == (State.OK, "1 records wait there")


def test_records_that_wait_for_long_want_a_look(server):
    server.xadd(KEY, {FIELD: b"{}"}, id=f"{int((time.time() - 600) * 1000)}-0")
    [finding] = redis_journal_findings()
    assert finding.state is State.DEGRADED
    assert finding.said == "1 records wait there, the oldest for 10 minutes"


@pytest.mark.parametrize(
    ("policy", "state"),
    [
        ("allkeys-lru", State.DEGRADED),
        ("noeviction", State.OK),
        ("volatile-ttl", State.OK),  # the stream has no expiry
    ],
)
def test_a_redis_that_may_evict_the_journal_wants_a_look(server, policy, state):
    server.config_set("maxmemory-policy", policy)
    [finding] = redis_journal_findings()
    assert finding.state is state


def test_a_redis_without_the_commands_of_the_journal_is_no_place_for_it(settings):
    program = parts.require("redis-server", parts.program("redis-server"))
    old = RedisServer(Path(program.address), "--rename-command", "XAUTOCLAIM", "")
    old.start()
    try:
        settings.REDIS_URL, settings.GATEWAY_USAGE_JOURNAL = old.url, "redis"
        [finding] = redis_journal_findings()
    finally:
        old.close()
    assert finding.state is State.BROKEN
    assert "XAUTOCLAIM" in finding.said


def test_a_user_who_may_not_ask_for_the_policy_is_told_the_rest(server, own_redis, settings):
    server.acl_setuser(
        "gateway",
        enabled=True,
        nopass=True,
        keys=["*"],
        categories=["+@all"],
        commands=["-info", "-command"],
    )
    settings.REDIS_URL = own_redis.url.replace("redis://", "redis://gateway:any@")
    [finding] = redis_journal_findings()
    assert finding.said == "0 records wait there"
