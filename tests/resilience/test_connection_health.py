"""Connections that list their models to anyone, and fail each request."""

from __future__ import annotations

import pytest
from django.utils import timezone

from connections.auth.key_pool import KeyPool
from connections.calling.key_pools import KeyPools
from connections.health.state import ConnectionState, Kind
from connections.upstream import UpstreamKey
from resilience.connection_health import with_live
from resilience.states import States

KEYS = (
    UpstreamKey(id="a", secret="sk-a", hint="…a"),
    UpstreamKey(id="b", secret="sk-b", hint="…b"),
)


@pytest.fixture
def pool() -> KeyPool:
    return KeyPool(KEYS)


@pytest.fixture
def pools(pool: KeyPool) -> KeyPools:
    pools = KeyPools()
    pools.replace({1: pool})
    return pools


def a_state(kind: Kind = Kind.WORKS, model_count: int = 1) -> ConnectionState:
    return ConnectionState(
        connection_id=1,
        name="one",
        kind=kind,
        label="works",
        model_count=model_count,
        now=timezone.now(),
    )


def judged(state: ConnectionState, pools: KeyPools, targets: States | None = None) -> Kind:
    [found] = with_live([state], pools=pools, targets=targets or States())
    return found.kind


def test_one_key_that_is_refused_of_two_is_no_failure(pool: KeyPool, pools: KeyPools) -> None:
    pool.kill(KEYS[0], "401")
    assert judged(a_state(), pools) is Kind.WORKS


def test_keys_that_are_all_refused_are(pool: KeyPool, pools: KeyPools) -> None:
    for key in KEYS:
        pool.kill(key, "401")
    assert judged(a_state(), pools) is Kind.KEY_REFUSED


def test_keys_that_all_rest_limit_the_connection(pool: KeyPool, pools: KeyPools) -> None:
    pool.kill(KEYS[0], "401")
    pool.cool(KEYS[1], 30, model=None, reason="429")
    assert judged(a_state(), pools) is Kind.RATE_LIMITED


def test_targets_that_all_rest_are_a_failure(pools: KeyPools) -> None:
    targets = States()
    targets.of((1, "m")).cool(30, "503")
    assert judged(a_state(), pools, targets) is Kind.FAILING
    assert judged(a_state(model_count=2), pools, targets) is Kind.WORKS


def test_what_is_known_to_fail_keeps_its_cause(pool: KeyPool, pools: KeyPools) -> None:
    for key in KEYS:
        pool.kill(key, "401")
    assert judged(a_state(Kind.PORT_REFUSED), pools) is Kind.PORT_REFUSED
    assert judged(a_state(Kind.DISABLED), pools) is Kind.DISABLED
