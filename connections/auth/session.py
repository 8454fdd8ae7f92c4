from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx

from connections.auth.base import AuthStrategy, NoCallerError


class SessionAuth(AuthStrategy):
    """The credential that the caller presented to the gateway, passed on.

    For upstreams that know the gateway's keys or take the tokens of the same issuer. An operator of
    the upstream can act as the caller, so the upstream should be your own.
    """

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        call = self.call_behind(request)
        # A key that speaks for users is not the user's own, and would let the upstream name anyone.
        speaks = call.caller.may_speak_for_users or call.caller.spoken_for
        if speaks or not call.credential:
            raise NoCallerError
        self.sign(request, call.credential, call=call)
        yield request
