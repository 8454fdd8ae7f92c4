"""The form of what Django's cache keeps in Redis: JSON behind a signature, never pickle.

Unpickling runs code, so that a single key written into Redis would take over a worker. An entry
without a good signature is a cache miss: one that somebody else wrote, one that was copied from
another key, one of another ``SECRET_KEY``, and one that an earlier version of the gateway has left
there. A former entry of the same key is as good as the present one.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.utils.functional import Promise
from django_redis.client import DefaultClient  # type: ignore[import-untyped]
from django_redis.serializers.base import BaseSerializer  # type: ignore[import-untyped]

SALT = b"gateway_project.cache_entries:"
SIGNATURE_BYTES = hashlib.sha256().digest_size


class UnreadableEntryError(Exception):
    """The entry was not written by this gateway."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A value on its way into the cache, with the key it is for."""

    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry as it came from the cache. Nothing is read of it before its key is known."""

    entry: bytes

    def opened(self, key: str) -> Any:
        """The value, if it was written for ``key``. Raises ``UnreadableEntryError``."""
        signature, content = self.entry[:SIGNATURE_BYTES], self.entry[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, _signature(key, content)):
            raise UnreadableEntryError
        return orjson.loads(content)


class SignedJsonSerializer(BaseSerializer):  # type: ignore[misc]
    """JSON for a key. Tuples come back as lists, dataclasses as dictionaries."""

    def dumps(self, value: Keyed) -> bytes:
        content = orjson.dumps(value.value, default=_plain, option=orjson.OPT_NON_STR_KEYS)
        return _signature(value.key, content) + content

    def loads(self, value: bytes) -> Sealed:
        return Sealed(value)


class CacheClient(DefaultClient):  # type: ignore[misc]
    """django-redis' client, to which an entry that it cannot read is one that is not there."""

    def set(
        self,
        key: str,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
        **options: Any,
    ) -> bool:
        keyed = Keyed(str(self.make_key(key, version=version)), value)
        return bool(super().set(key, keyed, timeout, version=version, **options))

    def get(
        self, key: str, default: Any = None, version: int | None = None, client: Any = None
    ) -> Any:
        found = super().get(key, default=None, version=version, client=client)
        if not isinstance(found, Sealed):
            return default
        try:
            return found.opened(str(self.make_key(key, version=version)))
        except UnreadableEntryError:
            return default

    def get_many(self, keys: Any, version: int | None = None, client: Any = None) -> dict[str, Any]:
        missing = object()
        found = {key: self.get(key, missing, version, client) for key in keys}
        return {key: value for key, value in found.items() if value is not missing}

    def encode(self, value: Any, *, allow_int: bool = False) -> Any:
        """Integers are signed as all else is; django-redis would write them as they are."""
        return super().encode(value, allow_int=False)

    def decode(self, value: Any) -> Any:
        return self._serializer.loads(value)


def _signature(key: str, content: bytes) -> bytes:
    """Over the key's length, too: none of the key can be passed off as content."""
    name = key.encode()
    signed = b"%d:%b%b" % (len(name), name, content)
    return hmac.digest(SALT + settings.SECRET_KEY.encode(), signed, "sha256")


def _plain(value: Any) -> Any:
    if isinstance(value, Promise):  # a lazy translation
        return str(value)
    raise TypeError
