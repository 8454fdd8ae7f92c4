from __future__ import annotations

import httpx

from connections.auth.key_pool import KeyPool
from connections.call import Call
from connections.request_extensions import CALL_EXTENSION, SECRETS_EXTENSION
from connections.upstream import Upstream, UpstreamKey


class AuthUnavailableError(Exception):
    """No credential can be had for the upstream now; nothing was sent.

    The message is for admins and the log: it may name what is set where. ``hint`` tells an admin
    what to do about it. Clients are told ``public_message``.
    """

    code = "upstream_auth_unavailable"
    hint = "Set it in the gateway's environment and restart, or store the key."

    @property
    def public_message(self) -> str:
        return "The gateway has no credential for the upstream of this model at the moment."


class NoCallerError(AuthUnavailableError):
    """The credential would be that of the caller, but the gateway asks by itself."""

    hint = (
        "Give model_ids, the names of the models to offer, since the gateway cannot ask for them. "
        "To verify the connection, call /openai/verify with a credential that the upstream takes."
    )

    def __init__(self) -> None:
        super().__init__("This connection needs the credential of its caller.")


class NoCallersTokenError(AuthUnavailableError):
    """The caller's own token cannot be had; the message tells them why, and of nothing else."""

    hint = "Sign in to the gateway with the identity provider, and try again."

    @property
    def public_message(self) -> str:
        return str(self)


class SignInRequiredError(NoCallersTokenError):
    """The caller can fix it, by signing in again."""

    code = "sign_in_required"


class AuthStrategy(httpx.Auth):
    """Signs requests for one upstream. Subclasses write ``async_auth_flow``.

    ``keys`` are those it signs with, and then there is ``sign_with``; None where it signs with
    something else, or not at all.
    """

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.keys: KeyPool | None = None

    def call_behind(self, request: httpx.Request) -> Call:
        """The client's call. Raises :class:`NoCallerError` if this is for no client."""
        call: Call | None = request.extensions.get(CALL_EXTENSION)
        if call is None or not call.caller.user_id:
            raise NoCallerError
        return call

    def sign_with(self, key: UpstreamKey, request: httpx.Request) -> None:
        """Sign ``request`` with ``key`` alone. Raises :class:`AuthUnavailableError`."""
        raise NotImplementedError

    def sign(self, request: httpx.Request, token: str, *, call: Call | None = None) -> None:
        """Put ``token`` in its place, and the cookies of ``call`` where the connection says so.

        The response will know it for a secret, which no error message may repeat.
        """
        request.extensions[SECRETS_EXTENSION] = frozenset({token})
        request.headers["Authorization"] = f"Bearer {token}"
        if call is not None and call.cookies and self.upstream.forward_cookies:
            request.headers["Cookie"] = call.cookies
