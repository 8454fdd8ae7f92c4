from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx

from connections.auth.base import AuthStrategy, SignInRequiredError
from connections.call import Call

# Gives the access token of a call's caller, valid for now. Raises SignInRequiredError without one.
TokenSource = Callable[[Call], Awaitable[str]]


async def _no_tokens(call: Call) -> str:
    raise SignInRequiredError(
        "This model needs the access token of your sign-in, which is missing. Sign in again."
    )


_source: TokenSource = _no_tokens


def use_token_source(source: TokenSource | None) -> None:
    """Have tokens come from ``source``; None, as at first, means that no caller has a token."""
    global _source  # noqa: PLW0603 - one worker, one store of tokens
    _source = source or _no_tokens


class SystemOAuth(AuthStrategy):
    """The access token that the caller's identity provider gave when they signed in."""

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        call = self.call_behind(request)
        self.sign(request, await _source(call), call=call)
        yield request
