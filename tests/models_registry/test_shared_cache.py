"""What workers share, and that Redis may fail in any way."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django_redis import get_redis_connection

from models_registry import shared_cache
from tests.support import parts
from tests.support.processes import free_port, wait_until

KEY = "gatehouse:test:shared"


@pytest.fixture
def shared(services) -> Iterator[None]:
    parts.require("Redis", services.redis)
    yield
    get_redis_connection("default").delete(KEY, f"{KEY}:lock")


@pytest.fixture
def no_redis(settings, monkeypatch) -> None:
    """A Redis that refuses connections."""
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = {
        "default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": settings.REDIS_URL}
    }
    monkeypatch.setattr(shared_cache, "_asked_again_at", 0.0)


def test_an_entry_is_kept_as_it_is(shared) -> None:
    shared_cache.put(KEY, b"\x80\x04 not a pickle", 60)
    assert shared_cache.get(KEY) == b"\x80\x04 not a pickle"
    assert 0 < get_redis_connection("default").ttl(KEY) <= 60


def test_one_has_the_turn_at_a_time(shared) -> None:
    lock = shared_cache.take_lock(KEY, 60)
    assert lock is not None
    assert shared_cache.take_lock(KEY, 60) is None
    lock.release()
    assert shared_cache.take_lock(KEY, 60) is not None


def test_a_turn_that_is_not_given_back_runs_out(shared) -> None:
    assert shared_cache.take_lock(KEY, 0.05) is not None
    wait_until(lambda: shared_cache.take_lock(KEY, 60) is not None, what="the end of the turn")


def test_a_turn_that_has_run_out_takes_none_from_others(shared) -> None:
    late = shared_cache.take_lock(KEY, 60)
    get_redis_connection("default").delete(f"{KEY}:lock")
    assert shared_cache.take_lock(KEY, 60) is not None
    assert late is not None
    late.release()
    assert shared_cache.take_lock(KEY, 60) is None


def test_an_entry_of_another_kind_is_none(shared) -> None:
    get_redis_connection("default").lpush(KEY, b"a")
    assert shared_cache.get(KEY) is None


def failures(caplog) -> int:
    return sum("share no lists" in message for message in caplog.messages)


def test_without_redis_everybody_goes_alone(no_redis, caplog) -> None:
    caplog.set_level(logging.DEBUG, "infrastructure.redis_outage")
    shared_cache.put(KEY, b"x", 60)
    assert shared_cache.get(KEY) is None
    assert [shared_cache.take_lock(KEY, 60) is None for _ in range(2)] == [False, False]
    assert failures(caplog) == 1  # then Redis is left alone for a while


def test_redis_is_asked_again_after_a_while(no_redis, monkeypatch, caplog) -> None:
    caplog.set_level(logging.DEBUG, "infrastructure.redis_outage")
    monkeypatch.setattr(shared_cache, "PAUSE_SECONDS", 0.0)
    for _ in range(2):
        shared_cache.get(KEY)
    assert failures(caplog) == 2
