"""Tries that are counted."""

import pytest
from django.core.cache import cache

from accounts.sign_in.tries import Bucket, Limit, TooManyTriesError, take

TWO = Limit(amount=2, seconds=60)


@pytest.fixture(autouse=True)
def _no_tries_before():
    cache.clear()


def bucket(name="a", limit=TWO):
    return Bucket(name=(name,), limit=limit)


def test_there_are_so_many_and_then_a_time_to_wait():
    take(bucket())
    take(bucket())
    with pytest.raises(TooManyTriesError) as caught:
        take(bucket())
    assert 55 <= caught.value.seconds <= 60
    assert bucket().is_full()
    take(bucket("b"))


def test_a_refused_try_counts_nowhere():
    take(bucket(limit=Limit(amount=1, seconds=60)))
    for _ in range(3):
        with pytest.raises(TooManyTriesError):
            take(bucket("first"), bucket(limit=Limit(amount=1, seconds=60)))
    take(bucket("first"))
    take(bucket("first"))


def test_a_good_try_is_given_back_and_no_other():
    take(bucket("a"), bucket("b"))
    take(bucket("a"), bucket("b")).give_back()
    assert not bucket("a").is_full()
    take(bucket("a"))
    assert bucket("a").is_full()


def test_a_stricter_limit_counts_the_same_tries():
    take(bucket())
    with pytest.raises(TooManyTriesError):
        take(bucket(limit=Limit(amount=1, seconds=60)))


def test_tries_that_are_over_do_not_count(monkeypatch):
    take(bucket(limit=Limit(amount=1, seconds=1)))
    key = bucket().key
    cache.set(key, [at - 2 for at in cache.get(key)], 60)
    take(bucket(limit=Limit(amount=1, seconds=1)))


def test_a_name_with_a_separator_is_no_other_name():
    one, other = Bucket(name=("a", "b:c"), limit=TWO), Bucket(name=("a:b", "c"), limit=TWO)
    assert one.key != other.key


def test_a_turn_that_never_comes_is_a_refusal():
    cache.set(f"{bucket().key}:lock", 1, 30)
    with pytest.raises(TooManyTriesError):
        take(bucket())


def test_while_the_cache_is_down_nothing_is_counted(settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"IGNORE_EXCEPTIONS": True},
        }
    }
    for _ in range(5):
        take(bucket()).give_back()
