from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx

from connections.auth.base import AuthStrategy, AuthUnavailableError
from connections.auth.key_pool import KeyPool
from connections.call import Call
from connections.request_extensions import CALL_EXTENSION
from connections.retry_after import retry_after_seconds
from connections.upstream import Upstream, UpstreamKey

FILE = "file:"
REFUSED = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.TOO_MANY_REQUESTS})
STEP_BACK_SECONDS = 30.0


class BearerAuth(AuthStrategy):
    """The connection's key as ``Authorization: Bearer``.

    The flow takes the keys in turn, and the next one when a key is refused: 401 and 429 come before
    any work is done, so that a retry with another key bills nothing twice.
    """

    header = "Authorization"
    value = "Bearer {secret}"

    def __init__(self, upstream: Upstream) -> None:
        super().__init__(upstream)
        self.keys = KeyPool(upstream.keys) if upstream.keys else None

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if self.keys is None:
            yield request  # local upstreams often need no key
            return
        model = _model_of(request)
        for key in self._in_turn(self.keys, model):
            self.sign_with(key, request)
            response = yield request
            if response.status_code not in REFUSED:
                return
            seconds = retry_after_seconds(response.headers.get("retry-after", ""))
            reason = str(response.status_code)
            self.keys.cool(key, seconds or STEP_BACK_SECONDS, model=model, reason=reason)
            if not isinstance(request.stream, httpx.ByteStream):
                return  # an upload cannot be sent twice

    def _in_turn(self, pool: KeyPool, model: str) -> tuple[UpstreamKey, ...]:
        keys = pool.in_turn(model)
        if not keys:
            raise NoKeyForModelError(model)
        return keys

    def sign_with(self, key: UpstreamKey, request: httpx.Request) -> None:
        if not key.is_sendable:
            raise KeyUnusableError(key)
        request.headers[self.header] = self.value.format(secret=key.secret)


def _model_of(request: httpx.Request) -> str:
    """The model that ``request`` is for; empty for one without, such as that for a list."""
    call: Call | None = request.extensions.get(CALL_EXTENSION)
    return call.model if call is not None else ""


class NoKeyForModelError(AuthUnavailableError):
    """Each key of the connection is for other models."""

    hint = "Add a key for this model, or widen the models of a key."

    def __init__(self, model: str) -> None:
        super().__init__(f"No key of the connection is for the model {model}.")


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
