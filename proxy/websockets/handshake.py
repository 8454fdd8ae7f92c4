"""The checks before a WebSocket is opened, and their errors.

Only API keys count here. A browser sends the cookies of a signed-in user along with whatever page
asks it to; they open nothing, and with a foreign page they go to no upstream either, so that such a
page has nothing to ride on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import orjson
from rest_framework import exceptions

from accounts.authentication import SUBPROTOCOL_PREFIX, identify, presented_key_of_handshake
from accounts.caller import Caller, Scope
from accounts.client_address import address_of_scope
from accounts.spoken_for import on_behalf
from connections.hops import HOPS_HEADER
from proxy.client_side.errors import ApiError, StoppedError
from proxy.client_side.hops import check_hops
from proxy.client_side.origin import check_host
from proxy.client_side.permissions import MayInfer
from usage.exchange import StopReason
from usage.in_flight import in_flight

RESPONSE_EXTENSION = "websocket.http.response"


def presented(scope: Any) -> str:
    """The credential of a handshake that may be served.

    Raises what :func:`proxy.client_side.exception_handler.to_api_error` knows.
    """
    if not in_flight.is_accepting:
        raise StoppedError(StopReason.SHUTTING_DOWN)
    check_host(scope)
    if hops := hops_of(scope):
        check_hops(hops)
    return presented_key_of_handshake(
        scope["headers"], scope.get("subprotocols", ()), scope.get("query_string", b"")
    )


async def admit(scope: Any) -> tuple[Caller, str]:
    """The caller of a handshake, and the credential it presents.

    Raises what :func:`proxy.client_side.exception_handler.to_api_error` knows.
    """
    credential = presented(scope)
    caller = await identify(credential, partial(address_of_scope, scope))
    if caller.may_speak_for_users:
        caller = await on_behalf(caller, scope["headers"])
    if not caller.has_scope(Scope.INFERENCE):
        raise exceptions.PermissionDenied(MayInfer.message)
    return caller, credential


def hops_of(scope: Any) -> str:
    """The gateways that a handshake came through; empty if there are none."""
    name = HOPS_HEADER.encode()
    return ", ".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)


def accepted_subprotocol(offered: Iterable[str]) -> str | None:
    """The first that is no key: the accepted one goes back to the client, and into its logs."""
    return next((name for name in offered if not name.startswith(SUBPROTOCOL_PREFIX)), None)


async def refuse(scope: Any, send: Callable[[Any], Awaitable[None]], error: ApiError) -> None:
    """Answer a handshake with ``error``, as a request of HTTP would be."""
    if RESPONSE_EXTENSION not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close"})
        return
    body = orjson.dumps(error.body())
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    fields = [(k.encode(), v.encode("latin-1")) for k, v in (headers | error.headers).items()]
    start = {"status": int(error.status), "headers": fields}
    await send({"type": f"{RESPONSE_EXTENSION}.start", **start})
    await send({"type": f"{RESPONSE_EXTENSION}.body", "body": body})
