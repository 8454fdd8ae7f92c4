"""Responses of a gateway that is up but cannot serve, since its database is not migrated."""

from __future__ import annotations

from typing import Any

from gateway_project.api_requests import is_for_api
from proxy.client_side.anthropic_errors import error_response
from proxy.client_side.errors import NotReadyError
from proxy.client_side.request_id import new_request_id
from proxy.client_side.scope_extensions import extensions_of

TRY_AGAIN_LATER = 1013  # the code that closes a WebSocket


class Waiting:
    """``reason`` is why this worker waits, with the remedy; empty while it does not."""

    reason = ""


waiting = Waiting()


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Answer 503 in the form that the client expects. The reason is for operators alone."""
    kind_of_message = "http.response"
    if scope["type"] == "websocket":
        await receive()
        kind_of_message = "websocket.http.response"
        if kind_of_message not in extensions_of(scope):
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
            return
    error, request_id = NotReadyError(), new_request_id()
    body, content_type = _said(error, scope, request_id)
    headers = [
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-request-id", request_id.encode()),
        *((name.encode(), value.encode()) for name, value in error.headers.items()),
    ]
    status = int(error.status)
    await send({"type": f"{kind_of_message}.start", "status": status, "headers": headers})
    await send({"type": f"{kind_of_message}.body", "body": body})


def _said(error: NotReadyError, scope: Any, request_id: str) -> tuple[bytes, bytes]:
    """The body and its type."""
    if not is_for_api(scope):
        return f"{error.message}\n".encode(), b"text/plain; charset=utf-8"
    response = error_response(error, path=scope["path"], request_id=request_id)
    return response.content, response["content-type"].encode()
