"""From a connection's row to the value the request path works with."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from accounts.encryption import EncryptionError
from connections.models import Connection, ConnectionKey
from connections.rules.mending import bare_key
from connections.upstream import Upstream, UpstreamKey

logger = logging.getLogger(__name__)

ON = frozenset({"true", "yes", "on", "1"})
OFF = frozenset({"false", "no", "off", "0"})


def resolve(connection: Connection, *, keys: tuple[UpstreamKey, ...] | None = None) -> Upstream:
    """``connection`` with its keys opened. Prefetch ``keys`` where several are resolved.

    ``keys`` stand in for the stored ones, as of a connection that is not saved.

    A key that cannot be decrypted is logged and left out, so that it takes nothing else down. A
    key whose environment variable is not set stays, with an empty secret.
    """
    return Upstream(
        id=connection.pk,
        name=connection.name,
        url_index=connection.url_index,
        provider=connection.provider,
        base_url=connection.base_url,
        auth_type=connection.auth_type,
        keys=tuple(_readable_keys(connection)) if keys is None else keys,
        priority=connection.priority,
        api_version=connection.api_version,
        api_type=connection.api_type,
        model_ids=tuple(connection.model_ids),
        prefix_id=connection.prefix_id,
        tags=tuple(connection.tags),
        connection_type=connection.connection_type,
        headers=tuple(connection.headers.items()),
        verify_tls=tls_verification(connection.verify_tls),
        timeout_seconds=float(connection.timeout_seconds or settings.AIOHTTP_CLIENT_TIMEOUT),
        forward_cookies=connection.forward_cookies,
        auth_scope=connection.auth_scope,
        shares_account_objects=connection.shares_account_objects,
        costs_nothing=connection.costs_nothing,
        proxy=_proxy_of(connection),
    )


def _proxy_of(connection: Connection) -> str:
    """With its password; without, where that cannot be decrypted, so that the proxy refuses it."""
    try:
        opened: str = connection.open_proxy_url()
    except EncryptionError as exc:
        logger.warning("The proxy's password of %s is left out: %s.", connection.name, exc)
        return str(connection.proxy)
    return opened


def tls_verification(text: str) -> bool | Path:
    """The meaning of a connection's ``verify_tls``: check, do not check, or trust this CA file.

    A connection that says nothing special follows ``AIOHTTP_CLIENT_SESSION_SSL``.
    """
    chosen = settings.AIOHTTP_CLIENT_SESSION_SSL if text.lower() in ON else text
    if chosen.lower() in ON:
        return True
    return False if chosen.lower() in OFF else Path(chosen)


def environment_key(variable: str) -> UpstreamKey:
    """The key held by the environment variable ``variable``; empty when that is not set."""
    return UpstreamKey(
        id=f"env:{variable}",
        secret=bare_key(os.environ.get(variable, "")),
        hint=f"env:{variable}",
    )


def _readable_keys(connection: Connection) -> Iterator[UpstreamKey]:
    for row in connection.keys.all():
        try:
            yield _opened(row)
        except EncryptionError as exc:
            logger.warning("A key of the connection %s is left out: %s.", connection.name, exc)


def _opened(row: ConnectionKey) -> UpstreamKey:
    return UpstreamKey(
        id=str(row.pk),
        secret=row.reveal(),
        hint=row.masked,
        weight=row.weight,
        model_patterns=tuple(row.model_patterns),
    )
