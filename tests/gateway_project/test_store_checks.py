import pickle
from types import SimpleNamespace

import pytest
from django.core.cache.backends.memcached import BaseMemcachedCache
from django_redis.serializers.base import BaseSerializer

from gateway_project.store_checks import check_caches, check_channel_layers, check_sessions

HERE = "tests.gateway_project.test_store_checks"
DJANGO = "django.core.cache.backends"
DJANGO_REDIS = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
REDIS = {"BACKEND": f"{DJANGO}.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}


class Tricky(BaseSerializer):
    """Named like one that is harmless."""

    def loads(self, value):
        return pickle.loads(value)


class Plain:
    def dumps(self, value):
        return repr(value).encode()

    def loads(self, value):
        return value


class Memcached(BaseMemcachedCache):
    """Needs no library of its own."""

    def __init__(self, location, params):
        super().__init__(location, params, SimpleNamespace(Client=None), KeyError)

    def close(self, **kwargs):
        pass


class Unknown:
    """A backend that nobody has heard of."""

    def __init__(self, location, params):
        pass

    def close(self):
        pass


def ids(check):
    return [message.id for message in check()]


def with_options(cache, **options):
    return cache | {"OPTIONS": options}


@pytest.mark.parametrize(
    "cache",
    [
        DJANGO_REDIS,
        with_options(DJANGO_REDIS, SERIALIZER="django_redis.serializers.pickle.PickleSerializer"),
        with_options(DJANGO_REDIS, SERIALIZER=f"{HERE}.Tricky"),
        with_options(DJANGO_REDIS, CLIENT_CLASS="django_redis.client.HerdClient"),
        REDIS,
        {"BACKEND": f"{DJANGO}.db.DatabaseCache", "LOCATION": "cache"},
        {"BACKEND": f"{DJANGO}.filebased.FileBasedCache", "LOCATION": "/nonexistent"},
        {"BACKEND": f"{HERE}.Memcached", "LOCATION": "127.0.0.1:1"},
    ],
)
def test_a_cache_that_unpickles_is_refused(settings, cache):
    settings.CACHES = {"default": cache}
    assert ids(check_caches) == ["gateway_project.E010"]


def test_a_cache_that_cannot_be_made_has_an_id_of_its_own(settings):
    settings.CACHES = {"default": {"BACKEND": "nowhere.Cache"}}
    assert ids(check_caches) == ["gateway_project.E013"]


@pytest.mark.parametrize(
    "cache",
    [
        {"BACKEND": f"{DJANGO}.locmem.LocMemCache"},
        {"BACKEND": f"{DJANGO}.dummy.DummyCache"},
        with_options(REDIS, serializer=f"{HERE}.Plain"),
        with_options(DJANGO_REDIS, SERIALIZER="django_redis.serializers.json.JSONSerializer"),
        with_options(DJANGO_REDIS, SERIALIZER="django_redis.serializers.msgpack.MSGPackSerializer"),
        with_options(
            DJANGO_REDIS,
            SERIALIZER="gateway_project.cache_entries.SignedJsonSerializer",
            CLIENT_CLASS="gateway_project.cache_entries.CacheClient",
        ),
    ],
)
def test_a_cache_of_data_is_fine(settings, cache):
    settings.CACHES = {"default": cache}
    assert ids(check_caches) == []


def test_every_cache_is_looked_at(settings):
    settings.CACHES = {"default": {"BACKEND": f"{DJANGO}.dummy.DummyCache"}, "other": REDIS}
    assert ids(check_caches) == ["gateway_project.E010"]


def test_an_unknown_backend_is_warned_of(settings):
    settings.CACHES = {"default": {"BACKEND": f"{HERE}.Unknown"}}
    assert ids(check_caches) == ["gateway_project.W010"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("django.core.signing.JSONSerializer", []),
        (f"{HERE}.PickledSessions", ["gateway_project.E011"]),
    ],
)
def test_sessions_hold_no_pickles(settings, path, expected):
    settings.SESSION_SERIALIZER = path
    assert ids(check_sessions) == expected


class PickledSessions:
    def loads(self, value):
        return pickle.loads(value)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, []),
        ({"serializer_format": "json"}, []),
        ({"serializer_format": "pickle"}, ["gateway_project.E012"]),
    ],
)
def test_channel_layers_carry_data(settings, config, expected):
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "x", "CONFIG": config}}
    assert ids(check_channel_layers) == expected


def test_the_shipped_settings_are_clean():
    assert ids(check_caches) + ids(check_sessions) + ids(check_channel_layers) == []
