"""The requests to an OAuth provider: its endpoints, and new tokens for old ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.utils import timezone

from accounts.models.oauth_tokens import UNTOLD_LIFETIME, TokenPair
from accounts.signing_keys import DISCOVERY_PATH

# Answers to a refresh token that no further try will change.
FINAL = frozenset({"invalid_grant", "invalid_token", "access_denied"})


class ProviderUnavailableError(Exception):
    """The provider does not answer, or not with sense. Later it may. Safe to show."""


class RefusedError(Exception):
    """The provider takes the refresh token no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes = field(repr=False)


# Asks a URL: a GET, or a POST where there is a form. Raises ProviderUnavailableError.
Ask = Callable[[str, Mapping[str, str] | None, Mapping[str, str]], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The gateway as a client of the provider. A public client has no secret."""

    issuer: str
    id: str
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    pair: TokenPair
    expires_at: datetime


class TokenEndpoint:
    """The endpoint of one provider, found at first use."""

    def __init__(self, client: Client, ask: Ask) -> None:
        self.client = client
        self._ask = ask
        self._document: dict[str, Any] = {}

    async def renew(self, refresh: str) -> Renewed:
        """Trade a refresh token. Raises :class:`RefusedError`, :class:`ProviderUnavailableError`.

        The answer may hold a new refresh token, and then the old one is worth nothing.
        """
        document = await self._discovered()
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        headers = self._identified(form, document)
        answer = await self._ask(str(document["token_endpoint"]), form, headers)
        body = _object(answer.body)
        if answer.status != 200:
            if body.get("error") in FINAL:
                raise RefusedError
            raise ProviderUnavailableError(f"Your provider answers with status {answer.status}.")
        access = body.get("access_token")
        if not isinstance(access, str) or not access.isprintable() or not access:
            raise ProviderUnavailableError("Your provider's answer holds no token.")
        lifetime = _lifetime(body.get("expires_in"))
        pair = TokenPair(
            access=access,
            refresh=str(body.get("refresh_token") or refresh),
            lifetime_seconds=lifetime.total_seconds(),
        )
        return Renewed(pair=pair, expires_at=timezone.now() + lifetime)

    def _identified(self, form: dict[str, str], document: dict[str, Any]) -> dict[str, str]:
        """Say who asks, the way the provider takes it: in the form, or in a header alone."""
        methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if self.client.secret and "client_secret_post" not in methods:
            pair = f"{quote(self.client.id, safe='')}:{quote(self.client.secret, safe='')}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        form["client_id"] = self.client.id
        if self.client.secret:
            form["client_secret"] = self.client.secret
        return {}

    async def _discovered(self) -> dict[str, Any]:
        if not self._document:
            answer = await self._ask(self.client.issuer.rstrip("/") + DISCOVERY_PATH, None, {})
            document = _object(answer.body)
            is_of_issuer = str(document.get("issuer")).rstrip("/") == self.client.issuer.rstrip("/")
            if not is_of_issuer or not document.get("token_endpoint"):
                raise ProviderUnavailableError(
                    "Your provider's discovery document names no token endpoint."
                )
            self._document = document
        return self._document


def _lifetime(seconds: Any) -> timedelta:
    try:
        return timedelta(seconds=int(seconds))
    except (TypeError, ValueError, OverflowError):
        return UNTOLD_LIFETIME


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
