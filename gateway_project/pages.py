"""Django's own handler, behind caps on what the body of a request may hold and how long it takes.

Django writes whatever comes to disk before it looks at the path, the method or the session.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from proxy.client_side.body_clock import BodyClock
from proxy.client_side.errors import ApiError, PayloadTooLargeError
from proxy.client_side.incoming import declared_length


class PageBody:
    """ASGI's ``receive`` for one request. Raises ``ApiError`` in place of what is too much."""

    def __init__(self, receive: Any, *, limit: int, seconds: float) -> None:
        self._receive = receive
        self._clock = BodyClock(receive, seconds=seconds)
        self._limit = limit
        self._received_bytes = 0
        self._is_complete = False

    async def receive(self) -> dict[str, Any]:
        """The next message. Behind the body Django waits for the news that the client is gone."""
        if self._is_complete:
            message: dict[str, Any] = await self._receive()
            return message
        message = await self._clock.receive()
        self._is_complete = not message.get("more_body", False)
        self._received_bytes += len(message.get("body", b""))
        if self._received_bytes > self._limit:
            raise PayloadTooLargeError(self._limit)
        return message


class PageHandler:
    """Serves what ``application`` serves. An error of its own is one line of text."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._limit: int = settings.GATEWAY_MAX_PAGE_BYTES
        self._seconds: float = settings.GATEWAY_BODY_SECONDS

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = PageBody(receive, limit=self._limit, seconds=self._seconds)
        try:
            if (declared_length(scope["headers"]) or 0) > self._limit:
                raise PayloadTooLargeError(self._limit)
            await self._application(scope, body.receive, send)
        except ApiError as exc:  # of the body, which Django reads before it answers
            await _refuse(send, exc)


async def _refuse(send: Any, error: ApiError) -> None:
    text = f"{error.message}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *((name.encode(), value.encode()) for name, value in error.headers.items()),
    ]
    await send({"type": "http.response.start", "status": int(error.status), "headers": headers})
    await send({"type": "http.response.body", "body": text})
