"""Making and finding client secrets: ``ek_`` as OpenAI's clients expect, for realtime sockets."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import orjson
from channels.db import database_sync_to_async
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils import timezone

from accounts import keys
from accounts.authentication import identify_digest
from accounts.authentication_errors import (
    AuthenticationUnavailable,
    InvalidApiKey,
    TooManyUnknownKeys,
)
from accounts.caller import Caller, Scope
from accounts.caller_lookup import LOOK_UP
from accounts.changes import DATABASE_ERRORS
from accounts.client_address import network_of
from accounts.look_ups import Misses
from accounts.models import ApiKey, ClientSecret, api_key_pepper
from accounts.spoken_for import on_behalf_of_user
from infrastructure.outages import outages

NONCE_BYTES = 12
MOST_OF_A_KEY = 1000  # that have not expired
MOST_BYTES_OF_A_KEY = 8 * 2**20  # of their sessions, as they are stored

_misses = Misses()


class TooManySecretsError(Exception):
    """The API key has made as many client secrets as may be good at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSecret:
    """``value`` is shown once; ``expires_at`` is in seconds since the epoch."""

    value: str = field(repr=False)
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedSecret:
    """The caller that a client secret stands for, and the session it was made for."""

    caller: Caller
    parent_digest: str = field(repr=False)
    session: dict[str, Any] = field(repr=False)


def is_client_secret(credential: str) -> bool:
    """Whether ``credential`` is one by its form; no API key has that."""
    return credential.startswith(keys.EPHEMERAL_PREFIX)


@database_sync_to_async
def make_client_secret(
    presented: str, caller: Caller, session: dict[str, Any], *, seconds: int
) -> MadeSecret:
    """A new secret of the API key that ``caller`` ``presented``, for the same user.

    Where the key speaks for users, each of them has as many as the user of another key.
    Raises :class:`TooManySecretsError`, ``ApiKey.DoesNotExist`` for a caller without an API key,
    and ``django.db.DatabaseError``.
    """
    ClientSecret.objects.ended().delete()
    key = ApiKey.objects.get(pk=caller.key_id)
    value = keys.generate(keys.EPHEMERAL_PREFIX)
    sealed_session = _sealed(value, session)
    user_id = caller.user_id if caller.spoken_for else None
    count, stored = ClientSecret.objects.good().filter(api_key=key, user=user_id).held()
    if count >= MOST_OF_A_KEY or stored + len(sealed_session) > MOST_BYTES_OF_A_KEY:
        raise TooManySecretsError
    expires_at = timezone.now() + timedelta(seconds=seconds)
    ClientSecret.objects.create(
        digest=keys.digest(value, api_key_pepper()),
        api_key=key,
        user_id=user_id,
        parent_digest=keys.digest(presented, api_key_pepper()),
        sealed_session=sealed_session,
        expires_at=expires_at,
    )
    return MadeSecret(value=value, expires_at=int(expires_at.timestamp()))


async def open_client_secret(value: str, address: Callable[[], str] = str) -> OpenedSecret:
    """The caller and the session of ``value``.

    Raises what :func:`accounts.authentication.identify` does.
    """
    if not keys.is_well_formed(value, keys.EPHEMERAL_PREFIX):
        raise InvalidApiKey
    whence = network_of(address())
    if not _misses.take(whence):
        raise TooManyUnknownKeys
    try:
        with outages.told(LOOK_UP, *DATABASE_ERRORS):
            row = await _row_of(value)
    except DATABASE_ERRORS as exc:
        raise AuthenticationUnavailable from exc
    if row is None:
        raise InvalidApiKey
    _misses.give_back(whence)
    caller = await identify_digest(row.parent_digest)
    if row.user is not None:
        caller = await on_behalf_of_user(caller, row.user.pk, row.user.email)
    if not caller.has_scope(Scope.INFERENCE):
        raise InvalidApiKey
    return OpenedSecret(
        caller=replace(caller, scopes=frozenset({Scope.INFERENCE})),
        parent_digest=row.parent_digest,
        session=_opened(value, row.sealed_session),
    )


@database_sync_to_async
def _row_of(value: str) -> ClientSecret | None:
    digest = keys.digest(value, api_key_pepper())
    good = ClientSecret.objects.good().select_related("user")
    row: ClientSecret | None = good.filter(digest=digest).first()
    return row


def _sealed(value: str, session: dict[str, Any]) -> str:
    nonce = os.urandom(NONCE_BYTES)
    return (nonce + _cipher(value).encrypt(nonce, orjson.dumps(session), None)).hex()


def _opened(value: str, sealed: str) -> dict[str, Any]:
    data = bytes.fromhex(sealed)
    try:
        text = _cipher(value).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], None)
    except InvalidTag as exc:  # somebody has changed the row
        raise InvalidApiKey from exc
    session: dict[str, Any] = orjson.loads(text)
    return session


def _cipher(value: str) -> AESGCM:
    return AESGCM(hashlib.sha256(b"gateway-client-secret-session" + value.encode()).digest())
