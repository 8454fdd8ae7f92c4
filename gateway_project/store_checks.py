"""System checks of what sessions, cache and channel layer may hold: data, and nothing that runs.

A serializer is not judged by its name: it is given a pickle that tells when it is unpickled.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.cache import InvalidCacheBackendError, caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.memcached import BaseMemcachedCache
from django.core.cache.backends.redis import RedisCache as DjangoRedisCache
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.utils.module_loading import import_string
from django_redis.cache import RedisCache  # type: ignore[import-untyped]

PICKLING_BACKENDS = (DatabaseCache, FileBasedCache, BaseMemcachedCache)
# Their entries do not leave the process.
PRIVATE_BACKENDS = (LocMemCache, DummyCache)
CHANNEL_FORMATS = frozenset({"json", "msgpack"})
HINT = (
    "Unpickling runs code: whoever can write to the store takes over the gateway. "
    "gateway_project.cache_entries.SignedJsonSerializer is a serializer for django_redis."
)

_told: list[bool] = []


def _tell() -> None:
    _told.append(True)


class _Probe:
    """Tells when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return _tell, ()


PROBE = pickle.dumps(_Probe())


@register(Tags.security)
def check_caches(**kwargs: Any) -> Iterator[CheckMessage]:
    for alias in settings.CACHES:
        yield from _check_cache(alias)


@register(Tags.security)
def check_sessions(**kwargs: Any) -> Iterator[CheckMessage]:
    path: str = settings.SESSION_SERIALIZER
    if unpickles(import_string(path)().loads):
        yield Error(
            f"SESSION_SERIALIZER is {path}, which unpickles.", hint=HINT, id="gateway_project.E011"
        )


@register(Tags.security)
def check_channel_layers(**kwargs: Any) -> Iterator[CheckMessage]:
    for alias, layer in settings.CHANNEL_LAYERS.items():
        name = layer.get("CONFIG", {}).get("serializer_format", "msgpack")
        if name not in CHANNEL_FORMATS:
            yield Error(
                f"CHANNEL_LAYERS[{alias!r}] has the serializer_format {name!r}.",
                hint=f"Choose one of {', '.join(sorted(CHANNEL_FORMATS))}.",
                id="gateway_project.E012",
            )


def unpickles(loads: Callable[[Any], Any]) -> bool:
    """Whether ``loads`` unpickles what it is given, as bytes or as text."""
    _told.clear()
    for content in (PROBE, PROBE.decode("latin-1")):
        with suppress(Exception):  # foreign code: whatever it raises, it refuses the pickle
            loads(content)
    return bool(_told)


def _check_cache(alias: str) -> Iterator[CheckMessage]:
    name = f"CACHES[{alias!r}]"
    try:
        cache = caches[alias]
        loads = _reader_of(cache)
    except (ImportError, InvalidCacheBackendError) as exc:
        yield Error(f"{name} cannot be used: {exc}", id="gateway_project.E013")
        return
    backend = settings.CACHES[alias]["BACKEND"]
    if loads is not None and unpickles(loads):
        yield Error(f"{name}, {backend}, unpickles.", hint=HINT, id="gateway_project.E010")
    elif loads is None and not isinstance(cache, PRIVATE_BACKENDS):
        yield Warning(
            f"{name}, {backend}, may unpickle: nothing is known of how it reads entries.",
            hint=HINT,
            id="gateway_project.W010",
        )


def _reader_of(cache: BaseCache) -> Callable[[Any], Any] | None:
    """How ``cache`` reads what is stored, if that is known. Nothing connects to the store."""
    if isinstance(cache, PICKLING_BACKENDS):
        return pickle.loads
    if isinstance(cache, DjangoRedisCache):
        read: Callable[[Any], Any] = cache._cache._serializer.loads  # type: ignore[attr-defined]
        return read
    if isinstance(cache, RedisCache):
        decode: Callable[[Any], Any] = cache.client.decode
        return decode
    return None
