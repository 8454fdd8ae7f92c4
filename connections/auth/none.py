from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx

from connections.auth.base import AuthStrategy


class NoAuth(AuthStrategy):
    """Sends no credential."""

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        yield request
