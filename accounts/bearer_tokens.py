"""Callers by the access tokens of an OIDC issuer, which stand where an API key could."""

from __future__ import annotations

import hashlib
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import jwt
from channels.db import database_sync_to_async

from accounts.caller import Caller
from accounts.caller_lookup import LOOK_UP
from accounts.changes import DATABASE_ERRORS
from accounts.identities import caller_of
from accounts.refusals import LEEWAY_SECONDS, Refusals, TokenRefusedError, cause_of
from accounts.signing_keys import SigningKeys
from infrastructure.outages import outages

logger = logging.getLogger(__name__)

# The algorithms that may be configured, without symmetric signatures and ``none``.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "EdDSA"})
CAPACITY = 10_000
REQUIRED_CLAIMS = ("exp", "iss", "aud", "sub")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """The claims that a token must have. ``groups_claim`` names the claim with names of groups.

    ``new_users`` is what becomes of somebody new: ``pending``, ``active`` or ``refused``.
    """

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    groups_claim: str
    new_users: str


class BearerTokens:
    """Tokens of one issuer. A token that was found good serves, without a query, until it ends."""

    def __init__(self, issuer: Issuer, keys: SigningKeys) -> None:
        self._issuer = issuer
        self._keys = keys
        self._refusals = Refusals(logger, "A bearer token")
        self._known: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()
        self._forgotten = 0

    async def find(self, token: str) -> Caller | None:
        """The caller a token stands for; None if it is not good, or its user is not.

        Raises ``SigningKeysUnavailableError`` and ``django.db.DatabaseError``.
        """
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        caller, expires_at = self._known.get(digest, (None, 0.0))
        if caller is not None and time.time() < expires_at:
            return caller
        claims = await self._claims(token)
        if claims is None:
            return None
        forgotten = self._forgotten
        with outages.told(LOOK_UP, *DATABASE_ERRORS):
            found = await database_sync_to_async(caller_of)(
                claims,
                groups_claim=self._issuer.groups_claim,
                new_users=self._issuer.new_users,
                refusals=self._refusals,
            )
        # Not remembered if a change was announced during the look-up: the result may be older.
        if found is not None and forgotten == self._forgotten:
            self._remember(digest, found, float(claims["exp"]))
        return found

    def forget(self) -> None:
        """Have every token looked at again, since people or groups have changed."""
        self._known.clear()
        self._forgotten += 1

    async def _claims(self, token: str) -> dict[str, Any] | None:
        try:
            return await self._verified(token, jwt.get_unverified_header(token))
        except (TokenRefusedError, jwt.PyJWTError, RecursionError, ValueError, TypeError) as exc:
            # A malformed token may cause any of these, and is an invalid token in each case.
            self._refusals.note(cause_of(exc))
            return None

    async def _verified(self, token: str, header: dict[str, Any]) -> dict[str, Any]:
        if header.get("alg") not in self._issuer.algorithms:
            raise TokenRefusedError(
                "it is not signed with one of GATEWAY_JWT_ALGORITHMS "
                f"({', '.join(sorted(self._issuer.algorithms))})"
            )
        key_id = header.get("kid")
        try:
            return self._decoded(token, header["alg"], await self._keys.named(key_id))
        except jwt.InvalidSignatureError:
            if not await self._keys.renew():
                raise
        return self._decoded(token, header["alg"], await self._keys.named(key_id))

    def _decoded(self, token: str, algorithm: str, keys: tuple[jwt.PyJWK, ...]) -> dict[str, Any]:
        """Raises ``jwt.PyJWTError`` and ``TokenRefusedError``."""
        fitting = [key for key in keys if key.algorithm_name == algorithm]
        if not fitting:
            raise TokenRefusedError(
                "the issuer publishes no key for its algorithm and key id (`alg`, `kid`)"
            )
        for key in fitting[:-1]:
            try:
                return self._decoded_by(token, key)
            except jwt.InvalidSignatureError:
                continue
        return self._decoded_by(token, fitting[-1])

    def _decoded_by(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=list(self._issuer.algorithms),
            audience=self._issuer.audience,
            issuer=self._issuer.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": list(REQUIRED_CLAIMS)},
        )

    def _remember(self, digest: bytes, caller: Caller, expires_at: float) -> None:
        self._known[digest] = (caller, expires_at)
        if len(self._known) > CAPACITY:
            self._known.popitem(last=False)


_active: BearerTokens | None = None


def active() -> BearerTokens | None:
    """The tokens this worker takes; None where no issuer is configured."""
    return _active


def activate(tokens: BearerTokens | None) -> None:
    global _active  # noqa: PLW0603 - one worker, one issuer
    _active = tokens


def is_token(credential: str) -> bool:
    """Whether ``credential`` has the form of a signed token: three parts, which no API key has."""
    return credential.count(".") == 2
