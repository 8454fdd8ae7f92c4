"""The form of what Django's cache keeps in Redis: JSON behind a signature, never pickle.

Unpickling runs code, so that a single key written into Redis would take over a worker. An entry
without a good signature is a cache miss: one that somebody else wrote, one of another
``SECRET_KEY``, and one that an earlier version of the gateway has left there.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import orjson
from django.conf import settings
from django.utils.functional import Promise
from django_redis.client import DefaultClient  # type: ignore[import-untyped]
from django_redis.serializers.base import BaseSerializer  # type: ignore[import-untyped]

SALT = b"gateway_project.cache_entries:"
SIGNATURE_BYTES = hashlib.sha256().digest_size


class UnreadableEntryError(Exception):
    """The entry was not written by this gateway."""


class SignedJsonSerializer(BaseSerializer):  # type: ignore[misc]
    """Whatever JSON has a form for. Tuples come back as lists, dataclasses as dictionaries."""

    def dumps(self, value: Any) -> bytes:
        content = orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)
        return _signature(content) + content

    def loads(self, value: bytes) -> Any:
        signature, content = value[:SIGNATURE_BYTES], value[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, _signature(content)):
            raise UnreadableEntryError
        return orjson.loads(content)


class CacheClient(DefaultClient):  # type: ignore[misc]
    """django-redis' client, to which an entry that it cannot read is one that is not there."""

    def get(
        self, key: str, default: Any = None, version: int | None = None, client: Any = None
    ) -> Any:
        try:
            return super().get(key, default=default, version=version, client=client)
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


def _signature(content: bytes) -> bytes:
    return hmac.digest(SALT + settings.SECRET_KEY.encode(), content, "sha256")


def _plain(value: Any) -> Any:
    if isinstance(value, Promise):  # a text that is translated when it is shown
        return str(value)
    raise TypeError
