"""A client on the other side of ASGI, which can stall, hang up and stop reading when told to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import orjson


class AsgiClient:
    """One HTTP request to an ASGI application, and what came of it.

    ``body`` is sent part by part; ``None`` in it is a client that stalls until it hangs up. Set
    ``gone`` to hang up. Clear ``reads`` to stop reading.
    """

    def __init__(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        body: Iterable[bytes | None] = (),
        query: bytes = b"",
    ) -> None:
        fields = {"host": "testserver"} | (headers or {})
        self.scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query,
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in fields.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
            "extensions": {},
        }
        self._body = list(body)
        self.parts_read = 0
        self.gone = asyncio.Event()
        self.reads = asyncio.Event()
        self.reads.set()
        self.messages: list[dict[str, Any]] = []
        self.got_some = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        if self.parts_read < max(1, len(self._body)):
            part = self._body[self.parts_read] if self._body else b""
            if part is not None:
                self.parts_read += 1
                more = self.parts_read < len(self._body)
                return {"type": "http.request", "body": part, "more_body": more}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        if message.get("body"):
            self.got_some.set()
        await self.reads.wait()

    async def through(self, application: Any) -> AsgiClient:
        """Have ``application`` answer, and return this client."""
        await application(self.scope, self.receive, self.send)
        return self

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {k.decode().lower(): v.decode("latin-1") for k, v in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def is_complete(self) -> bool:
        """Whether the answer has come to its proper end."""
        return bool(self.messages) and not self.messages[-1].get("more_body", False)
