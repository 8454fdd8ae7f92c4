"""The keys an OIDC issuer signs with, as it publishes them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any

import jwt

from infrastructure.outages import Cause, outages

# Reads a URL, whole. Raises SigningKeysUnavailableError.
Fetch = Callable[[str], Awaitable[bytes]]
Clock = Callable[[], float]

DISCOVERY_PATH = "/.well-known/openid-configuration"
CACHED_SECONDS = 3600.0
REST_SECONDS = 30.0  # between two requests for a key that was not published


class SigningKeysUnavailableError(Exception):
    """The issuer does not answer, or not with keys."""


class SigningKeys:
    """Public keys by their id, fetched at first use, once an hour, and when a new id turns up.

    Tokens name the id, and anyone can make one up, so new ids have the issuer asked again no more
    than every ``REST_SECONDS``. While the issuer does not answer, known keys go on serving.
    """

    def __init__(
        self, *, issuer: str, url: str, fetch: Fetch, clock: Clock = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._cause = Cause(
            lost=f"No keys from the token issuer {issuer}; tokens of unknown keys are refused",
            back=f"The token issuer {issuer} gives its keys again",
        )
        self._url = url
        self._fetch = fetch
        self._clock = clock
        self._keys: tuple[jwt.PyJWK, ...] = ()
        self._fetched_at = float("-inf")
        self._asked_at = float("-inf")
        self._refreshing: asyncio.Task[None] | None = None

    async def named(self, key_id: str | None) -> tuple[jwt.PyJWK, ...]:
        """The keys that may have signed a token with ``key_id``; empty if that id is unknown.

        A token without a key id may be signed with any, and keys may be published without an id.
        Raises :class:`SigningKeysUnavailableError` when no key was ever heard of.
        """
        if not self._is_fresh(key_id):
            await self._refreshed()
        if not self._keys:
            raise SigningKeysUnavailableError("The issuer's keys are not known.")
        return self._named(key_id)

    async def renew(self) -> bool:
        """Ask the issuer again, for a token that the known keys do not fit: some issuers give a new
        key the id of the old one. False if it was asked just now, or does not answer.
        """
        before = self._fetched_at
        await self._refreshed()
        return self._fetched_at != before

    def _is_fresh(self, key_id: str | None) -> bool:
        is_recent = self._clock() - self._fetched_at < CACHED_SECONDS
        return is_recent and bool(self._named(key_id))

    def _named(self, key_id: str | None) -> tuple[jwt.PyJWK, ...]:
        if key_id is None:
            return self._keys
        named = tuple(key for key in self._keys if key.key_id == key_id)
        return named or tuple(key for key in self._keys if key.key_id is None)

    async def _refreshed(self) -> None:
        """Ask the issuer again, but not if it was asked just now. Many who wait share the answer.

        In a task and a context of its own: a client that hangs up takes it from nobody.
        """
        if self._refreshing is None:
            now = self._clock()
            if now - self._asked_at < REST_SECONDS:
                return
            self._asked_at = now
            self._refreshing = asyncio.create_task(self._refresh(), context=Context())
            self._refreshing.add_done_callback(self._forget)
        await asyncio.shield(self._refreshing)

    def _forget(self, _task: asyncio.Task[None]) -> None:
        self._refreshing = None

    async def _refresh(self) -> None:
        try:
            if not self._url:
                self._url = await self._discovered_url()
            found = jwt.PyJWKSet.from_dict(_object(await self._fetch(self._url)))
        except (SigningKeysUnavailableError, jwt.PyJWTError) as exc:
            outages.begin(self._cause, exc)
            return
        outages.end(self._cause)
        # Symmetric keys are ignored: all who can read a published one could sign with it.
        self._keys = tuple(
            key for key in found.keys if key.key_type != "oct" and key.public_key_use != "enc"
        )
        self._fetched_at = self._clock()

    async def _discovered_url(self) -> str:
        document = _object(await self._fetch(self._issuer.rstrip("/") + DISCOVERY_PATH))
        url = document.get("jwks_uri")
        if document.get("issuer") != self._issuer or not isinstance(url, str):
            raise SigningKeysUnavailableError("The discovery document is not that of the issuer.")
        return url


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise SigningKeysUnavailableError("The issuer's answer is not JSON.") from exc
    if not isinstance(answer, dict):
        raise SigningKeysUnavailableError("The issuer's answer is not an object.")
    return answer
