from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx

from connections.auth.base import AuthStrategy, AuthUnavailableError
from connections.auth.rotation import KeyRotation
from connections.retry_after import retry_after_seconds
from connections.upstream import Upstream, UpstreamKey

FILE = "file:"
REFUSED = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.TOO_MANY_REQUESTS})


class BearerAuth(AuthStrategy):
    """The connection's key as ``Authorization: Bearer``; the next key when one is refused.

    401 and 429 are answered before any work is done: a retry with another key bills nothing
    twice.
    """

    header = "Authorization"
    value = "Bearer {secret}"

    def __init__(self, upstream: Upstream) -> None:
        super().__init__(upstream)
        self.rotation = KeyRotation(upstream.keys)

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        keys = self.rotation.in_turn()
        if not keys:
            yield request  # local upstreams often need no key
            return
        usable = [key for key in keys if key.secret.isprintable() and key.secret]
        if not usable:
            raise KeyUnusableError(keys[0])
        for key in usable:
            request.headers[self.header] = self.value.format(secret=key.secret)
            response = yield request
            if response.status_code not in REFUSED:
                return
            seconds = retry_after_seconds(response.headers.get("retry-after", ""))
            self.rotation.step_back(key, seconds)
            if not isinstance(request.stream, httpx.ByteStream):
                return  # an upload cannot be sent twice


class KeyUnusableError(AuthUnavailableError):
    """``key`` cannot be sent."""

    def __init__(self, key: UpstreamKey) -> None:
        super().__init__(why_unusable(key))
        if key.hint.startswith(FILE):
            self.hint = "Put the key into the file, for the gateway's user to read: no restart."


def why_unusable(key: UpstreamKey) -> str:
    """The reason why ``key`` is not sent, for an admin."""
    if not key.secret and key.hint.startswith(FILE):
        return f"The key file {key.hint.removeprefix(FILE)} is missing, empty or not readable."
    if not key.secret:
        return f"The environment variable {key.hint.removeprefix('env:')} is not set, or empty."
    return f"The key {key.hint} holds a line break or a control character."
