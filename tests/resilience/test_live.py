from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
import redis

from connections.auth.key_pool import KeyPool
from connections.calling.key_pools import KeyPools, key_pools
from connections.upstream import UpstreamKey
from resilience import live
from resilience.shared_state import SharedState, State, fingerprint
from resilience.sharing import HASH
from resilience.states import states
from tests.support.processes import free_port

KEY = UpstreamKey(id="1", secret="sk-upstream-0123456789abcdef", hint="…cdef")
OTHER = UpstreamKey(id="2", secret="sk-other", hint="…ther")


@pytest.fixture
def pool() -> Iterator[KeyPool]:
    """The keys of connection 7 in a worker."""
    pool = KeyPool((KEY, OTHER))
    key_pools.replace({7: pool})
    states.reset()
    yield pool
    key_pools.replace({})
    states.reset()


def test_a_worker_tells_of_its_memory(pool) -> None:
    pool.kill(KEY, "401")
    states.of((7, "gpt-4o")).cool(60, "503")
    states.of((8, "gpt-4o")).cool(60, "503")
    known = live.live_connection(7)
    assert [(each.hint, each.state) for each in known.keys] == [("…cdef", "dead"), ("…ther", "ok")]
    [target] = known.targets
    assert (target.model, target.state, target.reason) == ("gpt-4o", State.COOLING, "503")
    assert 0 < target.seconds <= 60


def test_a_key_and_a_target_are_tried_again(pool) -> None:
    pool.kill(KEY, "401")
    states.of((7, "gpt-4o")).cool(60, "503")
    assert live.revive_key(7, "1") == "…cdef"
    assert live.revive_target(7, "gpt-4o")
    known = live.live_connection(7)
    assert {each.state.value for each in (*known.keys, *known.targets)} == {"ok"}


def test_what_is_not_there_is_not_tried(pool) -> None:
    assert live.revive_key(7, "3") is None
    assert live.revive_key(8, "1") is None
    assert not live.revive_target(7, "never asked")


def test_a_command_reads_what_workers_keep(redis_server, settings) -> None:
    settings.REDIS_URL = redis_server.address
    key = SharedState(
        connection=7,
        key=fingerprint(KEY),
        model=None,
        state=State.DEAD,
        ends_at=time.time() + 60,
        reason="401",
    )
    target = SharedState(
        connection=7, model="gpt-4o", state=State.OPEN, ends_at=time.time() + 60, reason="failed"
    )
    with redis.Redis.from_url(redis_server.address) as client:
        client.hset(HASH, mapping={each.place: each.dumps() for each in (key, target)})
        client.hset(HASH, "junk", json.dumps([]))
        try:
            known = live.live_connection(7, (KEY, OTHER), pools=KeyPools())
            other = live.live_connection(8, (OTHER,), pools=KeyPools())
        finally:
            client.delete(HASH)
    assert [(each.hint, each.state) for each in known.keys] == [("…cdef", "dead"), ("…ther", "ok")]
    assert [(each.model, each.state) for each in known.targets] == [("gpt-4o", State.OPEN)]
    assert ([each.state for each in other.keys], other.targets) == (["ok"], [])


def test_a_command_without_redis_knows_nothing(settings) -> None:
    for url in ("", f"redis://127.0.0.1:{free_port()}/0"):
        settings.REDIS_URL = url
        known = live.live_connection(7, (KEY,), pools=KeyPools())
        assert [each.state for each in known.keys] == ["ok"]
