"""uvicorn's protocols, with what a gateway needs besides: a hard way out for answers, a cap on
headers, and a limit on how long a client may take to send them, or a body that nobody reads.

``private_members`` lists what they rely on within uvicorn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from gateway_project.answer_head import HeadWithBody
from gateway_project.at_once import AtOnce
from proxy.client_side.scope_extensions import (
    ABORT_EXTENSION,
    BODY_EXTENSION,
    GONE_EXTENSION,
    RESPONSE_EXTENSION,
    WRITE_EXTENSION,
)

MOST_HEADERS = 200
MOST_HEADER_BYTES = 64 * 1024
# How long the rest of a body is thrown away behind its answer, for clients that do not look at the
# answer before they have sent all.
LINGER_SECONDS = 20.0
MOST_UNANSWERED = 100  # requests on one connection


class TooManyHeadersError(Exception):
    """Ends the parsing; uvicorn answers 400 and closes."""


class TooManyUnansweredError(Exception):
    """The same, for a client that asks on and on without waiting."""


class GatewayProtocol(AtOnce):
    """A connection whose client says nothing, or never ends its headers, is dropped."""

    _head_timer: asyncio.TimerHandle | None = None
    _is_within_head = False
    _linger_timer: asyncio.TimerHandle | None = None
    _on_gone: Callable[[], None] | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        # A client may pipeline requests: they are answered in this order.
        self._cycles = deque()
        self._head_seconds: float = settings.GATEWAY_HEADER_TIMEOUT
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stop_lingering()
        self._part()
        if self._on_gone is not None:
            self._on_gone()
        for cycle in self._cycles:  # uvicorn tells only the last one
            cycle.message_event.set()
        super().connection_lost(exc)
        self._let_go()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_within_head:
            if self._head_timer is None:
                self._await_head()
        elif not self._cycles:
            self._await_request()

    def abort(self) -> None:
        """Cut the connection. What is half answered stays so, on purpose: nothing is logged."""
        self._part()
        self.transport.abort()

    def when_gone(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called if the client leaves before the next request is this far.

        For a request whose body has been read. ASGI's own way is a task that waits for messages.
        """
        self.flow.resume_reading()  # a paused connection would not report its end
        if self.transport.is_closing():
            self.loop.call_soon(callback)
        else:
            self._on_gone = callback

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_bytes = 0
        self._is_within_head = True  # where it does not come whole, a timer will run
        # `abort` rather than close: closing a transport waits until the client has read the buffer.
        self.scope["extensions"] = {
            ABORT_EXTENSION: self.abort,  # type: ignore[dict-item]
            RESPONSE_EXTENSION: self.write_response,  # type: ignore[dict-item]
            BODY_EXTENSION: self.whole_body,  # type: ignore[dict-item]
            GONE_EXTENSION: self.when_gone,  # type: ignore[dict-item]
            WRITE_EXTENSION: self.write_part,  # type: ignore[dict-item]
        }

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._header_bytes += len(name) + len(value)
        if len(self.headers) > MOST_HEADERS or self._header_bytes > MOST_HEADER_BYTES:
            raise TooManyHeadersError

    def on_headers_complete(self) -> None:
        self._is_within_head = False
        self._stop_waiting()
        known = self.cycle
        super().on_headers_complete()
        if self.cycle is not None and self.cycle is not known:
            head = HeadWithBody(self.cycle, self.transport, self.loop)
            self.cycle.transport = cast("asyncio.Transport", head)
            self._cycles.append(self.cycle)
        if len(self._cycles) > MOST_UNANSWERED:
            raise TooManyUnansweredError

    def handle_websocket_upgrade(self) -> None:
        if self._cycles:  # the end of the connection would go unnoticed by their requests
            self.abort()
            return
        super().handle_websocket_upgrade()
        self._let_go()  # another protocol has the connection from now on
        self.parser = None  # type: ignore[assignment]

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self._linger_timer is not None:
            self._stop_lingering()

    def on_response_complete(self) -> None:
        answered = self._cycles.popleft()
        answered.body = bytearray()  # the connection refers to it until the next request
        super().on_response_complete()
        if answered.more_body:
            self._linger()

    def _part(self) -> None:
        for cycle in self._cycles:
            cycle.disconnected = True

    def _let_go(self) -> None:
        """Refer to no request any more. Each refers to its connection, and what refers to each
        other is in memory until the next full garbage collection, which is rare."""
        self._on_gone = None
        self._unset_keepalive_if_required()
        for cycle in self._cycles:
            cycle.transport = self.transport  # a head that was not written refers to the cycle
        self._cycles.clear()
        self.pipeline.clear()
        self.headers = []
        self.cycle = self.scope = None  # type: ignore[assignment]

    def _linger(self) -> None:
        """Let the client end the body whose answer it has, for a while."""
        seconds = min(LINGER_SECONDS, settings.GATEWAY_BODY_SECONDS)
        self._linger_timer = self.loop.call_later(seconds, self.transport.abort)

    def _stop_lingering(self) -> None:
        if self._linger_timer is not None:
            self._linger_timer.cancel()
            self._linger_timer = None

    def _await_request(self) -> None:
        """Behind bytes that begin no request: uvicorn takes any for the next one, and would wait
        for it for ever."""
        is_awaited = self._head_timer or self._linger_timer or self.timeout_keep_alive_task
        is_upgraded = self not in self.connections
        if is_awaited or is_upgraded or self.transport.is_closing():
            return
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self._head_seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class GatewaySocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol with the same hard way out, also for clients that are gone."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:  # the handshake has arrived, and its task has not begun
            self.scope["extensions"][ABORT_EXTENSION] = self.transport.abort  # type: ignore[assignment]

    def keepalive_timeout(self) -> None:
        """Nobody answers the pings. A polite close would wait for the client to read it."""
        self.transport.abort()
