"""Requests that the gateway makes to its own API, in place of a client.

These requests take a client's path: they are authenticated, authorised, filtered, limited and
accounted for in one place. Only the receiver of the response differs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from proxy.client_side.scope_extensions import ABORT_EXTENSION, extensions_of

Application = Callable[[Any, Any, Any], Awaitable[None]]
HeaderFields = Iterable[tuple[bytes, bytes]]


# About the connection or the body the request came with, which are not those of the inner request.
LEFT_BEHIND = frozenset(
    {
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"expect",
        b"origin",
        b"transfer-encoding",
        b"upgrade",
        b"x-gateway-resumable",
    }
)


class InnerRequest:
    """A POST of ``body``, told of by ``outer``: the scope of whoever asked for it.

    Subclasses take the answer in ``begin`` and ``part``, and hold the request up by waiting there.
    """

    def __init__(
        self,
        outer: Any,
        *,
        path: str,
        headers: HeaderFields,
        body: bytes,
        extensions: dict[str, Any] | None = None,
    ) -> None:
        fields = [(name, value) for name, value in headers if _is_kept(name.lower())]
        fields.append((b"content-type", b"application/json"))
        fields.append((b"x-gateway-resumable", b"false"))  # whatever the key says
        fields.append((b"content-length", b"%d" % len(body)))
        self.scope = {
            "type": "http",
            "asgi": outer.get("asgi", {"version": "3.0"}),
            "http_version": "1.1",
            "method": "POST",
            "scheme": "https" if outer.get("scheme") in {"https", "wss"} else "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": outer.get("root_path", ""),
            "query_string": b"",
            "headers": fields,
            "client": outer.get("client"),
            "server": outer.get("server"),
            "extensions": {
                ABORT_EXTENSION: extensions_of(outer).get(ABORT_EXTENSION, self.hang_up),
                **(extensions or {}),
            },
        }
        self._body: bytes | None = body
        self._is_gone = asyncio.Event()

    async def run(self, application: Application) -> None:
        """Have ``application`` answer. In a task of its own, since that task may be cancelled."""
        await application(self.scope, self._receive, self._send)

    def hang_up(self) -> None:
        """Leave, as a client does: what the request set in motion is stopped."""
        self._is_gone.set()

    @property
    def has_hung_up(self) -> bool:
        """Whether no client waits for the response any more."""
        return self._is_gone.is_set()

    async def begin(self, status: int, headers: HeaderFields) -> None:
        """The head of the answer."""
        raise NotImplementedError

    async def part(self, body: bytes, *, is_last: bool) -> None:
        """More of its body. A part of an event stream holds whole events."""
        raise NotImplementedError

    async def _receive(self) -> dict[str, Any]:
        if self._body is not None and not self.has_hung_up:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._is_gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if self.has_hung_up:
            return
        if message["type"] == "http.response.start":
            await self.begin(message["status"], message["headers"])
        else:
            await self.part(message.get("body", b""), is_last=not message.get("more_body", False))


def _is_kept(name: bytes) -> bool:
    return name not in LEFT_BEHIND and not name.startswith(b"sec-websocket-")
