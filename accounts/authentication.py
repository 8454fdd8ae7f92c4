"""Authentication by a presented credential, without a query or a thread for one that is known."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from urllib.parse import parse_qsl

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import bearer_tokens
from accounts.authentication_errors import (
    AuthenticationUnavailable,
    ConflictingCredentials,
    InvalidApiKey,
    TooManyUnknownKeys,
)
from accounts.caller import Caller
from accounts.callers import CallersUnavailableError, callers
from accounts.changes import DATABASE_ERRORS
from accounts.client_address import address_of_request
from accounts.look_ups import TooManyLookUpsError
from accounts.refusals import Refusals
from accounts.signing_keys import SigningKeysUnavailableError
from accounts.spoken_for import on_behalf

CREDENTIAL_HEADERS = (b"authorization", b"api-key", b"x-api-key")
# Browsers cannot set headers on a WebSocket, so OpenAI's clients put the key where they can.
SUBPROTOCOL_PREFIX = "openai-insecure-api-key."
# Azure's clients put it here.
QUERY_NAMES = frozenset({"api-key", "api_key"})
MOST_PARAMETERS = 100
unconfigured = Refusals(logging.getLogger(__name__), "A bearer token")


class ApiKeyAuthentication(BaseAuthentication):
    """Reads the credential from ``Authorization: Bearer``, ``api-key`` or ``x-api-key``.

    ``authenticate`` is a coroutine, awaited by ``proxy.api.ApiView`` and not by DRF's dispatch.
    """

    async def authenticate(self, request: Request) -> tuple[Caller, str]:  # type: ignore[override]
        meta = request.META  # which DRF looks up the long way
        key = presented_key(meta)
        caller = await identify(key, partial(address_of_request, meta))
        if caller.may_speak_for_users:
            caller = await on_behalf(caller, request._request.scope["headers"])  # type: ignore[attr-defined]
        return caller, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


async def identify(credential: str, address: Callable[[], str] = str) -> Caller:
    """The caller of this credential.

    Missing, malformed, unknown, expired and revoked ones all raise the same
    :class:`InvalidApiKey`; :class:`AuthenticationUnavailable` when nobody can tell just now, and
    :class:`TooManyUnknownKeys` where ``address`` gives one that unknown keys flood.
    """
    if not credential:
        raise InvalidApiKey
    tokens = bearer_tokens.active()
    try:
        if tokens is not None and bearer_tokens.is_token(credential):
            caller = await tokens.find(credential)
        else:
            caller = await callers.find(credential, address)
    except TooManyLookUpsError as exc:
        raise TooManyUnknownKeys from exc
    except (CallersUnavailableError, SigningKeysUnavailableError, *DATABASE_ERRORS) as exc:
        raise AuthenticationUnavailable from exc
    if caller is None:
        if tokens is None and bearer_tokens.is_token(credential):
            unconfigured.note("no GATEWAY_JWT_ISSUER is set")
        raise InvalidApiKey
    return caller


async def identify_digest(digest: str) -> Caller:
    """The caller of an API key by its digest. Raises as :func:`identify` does."""
    try:
        caller = await callers.find_digest(digest)
    except TooManyLookUpsError as exc:
        raise TooManyUnknownKeys from exc
    except (CallersUnavailableError, *DATABASE_ERRORS) as exc:
        raise AuthenticationUnavailable from exc
    if caller is None:
        raise InvalidApiKey
    return caller


def presented_key(meta: dict[str, str]) -> str:
    """The one credential a request presents, empty if none.

    Raises :class:`ConflictingCredentials` when its headers hold different ones.
    """
    presented = {
        meta.get("HTTP_API_KEY", "").strip(),
        meta.get("HTTP_X_API_KEY", "").strip(),
    } - {""}
    if authorization := meta.get("HTTP_AUTHORIZATION", ""):
        presented.add(_bearer(authorization))
    return _only(presented)


def presented_key_of_handshake(
    headers: Iterable[tuple[bytes, bytes]], subprotocols: Iterable[str], query: bytes = b""
) -> str:
    """The one credential of a WebSocket handshake, whose parts are as in its ASGI scope.

    Besides the headers it may be the subprotocol ``openai-insecure-api-key.<key>``, which is not
    to be the one that is accepted: that would send the key back. With ``GATEWAY_QUERY_KEYS`` it
    may also be the parameter ``api-key`` of the query. Raises as :func:`presented_key` does.
    """
    presented = set()
    for name, value in headers:
        text = value.decode("latin-1").strip()
        if text and name.lower() in CREDENTIAL_HEADERS:
            presented.add(_bearer(text) if name.lower() == b"authorization" else text)
    for subprotocol in subprotocols:
        if subprotocol.startswith(SUBPROTOCOL_PREFIX):
            presented.add(subprotocol.removeprefix(SUBPROTOCOL_PREFIX))
    if settings.GATEWAY_QUERY_KEYS and query:
        presented.update(_keys_of_query(query))
    return _only(presented)


def _keys_of_query(query: bytes) -> set[str]:
    try:
        pairs = parse_qsl(query.decode("latin-1"), max_num_fields=MOST_PARAMETERS)
    except ValueError as exc:
        raise InvalidApiKey from exc
    return {value.strip() for name, value in pairs if name.lower() in QUERY_NAMES} - {""}


def _bearer(authorization: str) -> str:
    """The token of an Authorization header; empty, as no key is, for any other scheme."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _only(presented: set[str]) -> str:
    if len(presented) > 1:
        raise ConflictingCredentials
    return presented.pop() if presented else ""
