"""An upstream that speaks WebSocket: it records what it is sent and answers as it is told."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve


class SocketUpstream:
    """``answer(socket, message)`` is called with each message; ``refusal`` with each handshake."""

    def __init__(self) -> None:
        self.handshakes: list[Request] = []
        self.messages: list[Any] = []
        self.closed_with: list[int] = []
        self.answer: Callable[[ServerConnection, Any], None] = echo
        self.refusal: Callable[[ServerConnection], Response | None] = lambda _socket: None
        self.port = 0
        self.scheme = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/v1"

    def forget(self) -> None:
        """Be as new."""
        self.handshakes, self.messages, self.closed_with = [], [], []
        self.answer, self.refusal = echo, lambda _socket: None

    def handle(self, socket: ServerConnection) -> None:
        try:
            for text in socket:
                message = json.loads(text)
                self.messages.append(message)
                self.answer(socket, message)
        except ConnectionClosed:
            pass
        if socket.close_code is not None:
            self.closed_with.append(socket.close_code)

    def look_at(self, socket: ServerConnection, request: Request) -> Response | None:
        if "upgrade" in request.headers:  # models are listed whenever it pleases
            self.handshakes.append(request)
        return self.refusal(socket)


def echo(socket: ServerConnection, message: Any) -> None:
    """Say what was heard."""
    socket.send(json.dumps({"type": "heard", "message": message}))


@contextmanager
def socket_upstream(tls: ssl.SSLContext | None = None) -> Iterator[SocketUpstream]:
    upstream = SocketUpstream()
    upstream.scheme = "https" if tls else "http"
    with serve(
        upstream.handle,
        "127.0.0.1",
        0,
        process_request=upstream.look_at,
        compression=None,
        ssl=tls,
    ) as server:
        upstream.port = server.socket.getsockname()[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield upstream
        server.shutdown()
        thread.join(10)
