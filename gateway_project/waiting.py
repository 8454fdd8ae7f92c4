"""What is answered while the gateway is up but cannot serve, since its database is not migrated."""

from __future__ import annotations

from typing import Any

from gateway_project.api_requests import is_for_api
from proxy.client_side.anthropic_errors import error_response
from proxy.client_side.errors import NotReadyError
from proxy.client_side.request_id import new_request_id

TRY_AGAIN_LATER = 1013  # the code that closes a WebSocket


class Waiting:
    """``reason`` is why this worker waits, with the remedy; empty while it does not."""

    reason = ""


waiting = Waiting()


async def refuse(scope: Any, receive: Any, send: Any) -> None:
    """Answer 503 in the form that the client expects. The reason is for operators alone."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        return
    error, request_id = NotReadyError(), new_request_id()
    if is_for_api(scope):
        response = error_response(error, path=scope["path"], request_id=request_id)
        body, kind = response.content, response["content-type"].encode()
    else:
        body, kind = f"{error.message}\n".encode(), b"text/plain; charset=utf-8"
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-request-id", request_id.encode()),
        *((name.encode(), value.encode()) for name, value in error.headers.items()),
    ]
    await send({"type": "http.response.start", "status": int(error.status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
