from __future__ import annotations

import asyncio
import importlib
import logging
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx
from django.conf import settings

from accounts.outgoing_proxies import proxies_of_settings
from connections.auth.base import AuthStrategy, AuthUnavailableError
from connections.rules.gateway_identity import is_identity_scope, may_receive_identity
from connections.upstream import Upstream

logger = logging.getLogger(__name__)

EARLY_SECONDS = 300.0  # before a token's end: it is renewed while it is still valid
REST_SECONDS = 10.0  # after a failure: azure-identity has tried all its sources


class EntraUnavailableError(AuthUnavailableError):
    hint = (
        "The log of the gateway has azure-identity's words. It takes a managed identity, a "
        "workload identity, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET."
    )

    def __init__(self) -> None:
        super().__init__("The gateway gets no token from Microsoft Entra ID.")


class ForeignHostError(AuthUnavailableError):
    """The token may not go where the request goes. The identity was not asked for one."""

    hint = (
        "Give the base URL of an Azure AI resource. An operator can add a host to "
        "GATEWAY_IDENTITY_HOSTS."
    )

    def __init__(self) -> None:
        super().__init__("Tokens of the gateway's identity do not go to this host.")


class ForeignScopeError(AuthUnavailableError):
    """The token would be for something else than models."""

    hint = "Leave the scope empty. An operator can add a scope to GATEWAY_IDENTITY_SCOPES."

    def __init__(self) -> None:
        super().__init__("The gateway does not ask for tokens for this scope.")


class AzureAdAuth(AuthStrategy):
    """A token of the gateway's own identity at Microsoft Entra ID, by azure-identity.

    azure-identity asks again for each of many simultaneous callers, so the token is kept here
    and asked for once: https://github.com/Azure/azure-sdk-for-python/tree/main/sdk/identity
    """

    def __init__(self, upstream: Upstream, clock: Callable[[], float] = time.time) -> None:
        super().__init__(upstream)
        self.scope = upstream.auth_scope or settings.GATEWAY_ENTRA_SCOPE
        self._clock = clock
        self._token = ""
        self._expires_at = 0.0
        self._renew_at = 0.0
        self._rests_until = 0.0
        self._renewing: asyncio.Task[None] | None = None

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        self.refuse_foreign(request)
        self.sign(request, await self.token())
        yield request

    def refuse_foreign(self, request: httpx.Request) -> None:
        """Check where ``request`` really goes: the row may have changed since it was checked."""
        if not may_receive_identity(str(request.url)):
            raise ForeignHostError
        if not is_identity_scope(self.scope):
            raise ForeignScopeError

    async def token(self) -> str:
        """One that is valid now. Raises :class:`EntraUnavailableError`."""
        now = self._clock()
        if now >= self._renew_at and now >= self._rests_until:
            renewing = self._renew_once()
            if now >= self._expires_at:
                # Shielded: a client that hangs up must not cancel what others wait for.
                await asyncio.shield(renewing)
        if self._clock() >= self._expires_at:
            raise EntraUnavailableError
        return self._token

    def _renew_once(self) -> asyncio.Task[None]:
        if self._renewing is None:
            self._renewing = asyncio.create_task(self._renew())
            self._renewing.add_done_callback(self._renewed)
        return self._renewing

    def _renewed(self, _task: asyncio.Task[None]) -> None:
        self._renewing = None

    async def _renew(self) -> None:
        # The import is slow and few need it: neither at start-up nor on the event loop.
        identity: Any = await asyncio.to_thread(importlib.import_module, "azure.identity.aio")
        azure: Any = importlib.import_module("azure.core.exceptions")
        transports: Any = importlib.import_module("connections.auth.entra_transport")
        transport = transports.EntraTransport(proxies_of_settings(), own=self.upstream.proxy)
        try:
            # Opened for one token, so that nothing has to be closed when the connection is closed.
            async with identity.DefaultAzureCredential(transport=transport) as credential:
                token = await credential.get_token(self.scope)
        # ValueError: unusable variables of the environment. OSError: unreadable files they name.
        except (azure.AzureError, ValueError, OSError) as exc:
            self._rests_until = self._clock() + REST_SECONDS
            logger.warning("No token for %s from Entra ID: %s", self.upstream.name, exc)
            return
        self._token, self._expires_at = token.token, float(token.expires_on)
        lifetime = self._expires_at - self._clock()
        self._renew_at = self._expires_at - min(EARLY_SECONDS, lifetime / 2)
