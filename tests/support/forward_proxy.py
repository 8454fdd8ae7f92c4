"""A company's proxy for outgoing requests, on loopback: CONNECT, and whole URLs."""

from __future__ import annotations

import base64
import re
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.support.processes import PATIENCE_SECONDS

HEAD_END = b"\r\n\r\n"
REQUEST_LINE = re.compile(rb"^([A-Z]+) (http://[^ ]+) HTTP/1\.1\r\n")
PIECE_BYTES = 64 * 1024


class ForwardProxy:
    """``seen`` are the method and target of each request that came, in order.

    ``credentials`` are ``user:password`` that it asks for, or empty.
    """

    def __init__(self, credentials: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[str] = []
        self.refused = 0
        self.port = 0
        self._is_over_tls = tls is not None
        self.tls = tls
        told = base64.b64encode(credentials.encode()).decode()
        self._expected = f"Basic {told}".encode() if credentials else b""

    def url(self, credentials: str = "") -> str:
        scheme = "https" if self._is_over_tls else "http"
        at = f"{credentials}@" if credentials else ""
        return f"{scheme}://{at}127.0.0.1:{self.port}"

    def to(self, port: int) -> list[str]:
        """What came for the server at ``port``."""
        return [line for line in self.seen if re.search(rf":{port}(/|$)", line)]

    def lets_in(self, head: bytes) -> bool:
        found = re.search(rb"\r\nproxy-authorization: ([^\r]*)", head, re.IGNORECASE)
        return not self._expected or (found is not None and found[1] == self._expected)

    def serve(self, client: socket.socket) -> None:
        """One connection: a tunnel, or requests to one server."""
        upstream: socket.socket | None = None
        try:
            data = client.recv(PIECE_BYTES)
            while data and HEAD_END not in data:
                data += client.recv(PIECE_BYTES)
            if not data:
                return
            method, target, _ = data.split(b" ", 2)
            if method == b"CONNECT":
                if self._take(client, "CONNECT", target.decode(), data):
                    host, _, port = target.decode().rpartition(":")
                    upstream = socket.create_connection((host, int(port)))
                    client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                    self._pump(client, upstream)
                return
            address = urlsplit(target.decode())
            upstream = socket.create_connection((address.hostname or "", address.port or 80))
            if (first := self._rewritten(client, data)) is not None:
                upstream.sendall(first)
                self._pump(client, upstream)
        except OSError:
            pass  # either side has hung up
        finally:
            if upstream is not None:
                upstream.close()

    def _take(self, client: socket.socket, method: str, target: str, head: bytes) -> bool:
        if self.lets_in(head):
            self.seen.append(f"{method} {target}")
            return True
        self.refused += 1
        client.sendall(b"HTTP/1.1 407 Who Are You\r\nContent-Length: 0\r\n\r\n")
        return False

    def _rewritten(self, client: socket.socket, data: bytes) -> bytes | None:
        """``data`` as the server wants it, if a request begins there; None for one refused."""
        found = REQUEST_LINE.match(data)
        if found is None:
            return data
        head, mark, body = data.partition(HEAD_END)
        if not self._take(client, found[1].decode(), found[2].decode(), head):
            return None
        url = urlsplit(found[2].decode())
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        lines = [
            line
            for line in head.split(b"\r\n")[1:]
            if not line.lower().startswith((b"proxy-", b"x-forwarded"))
        ]
        start = b"%b %b HTTP/1.1" % (found[1], target.encode())
        return b"\r\n".join([start, *lines]) + mark + body

    def _pump(self, client: socket.socket, upstream: socket.socket) -> None:
        while True:
            has_more = isinstance(client, ssl.SSLSocket) and client.pending()
            ready = [client] if has_more else select.select([client, upstream], [], [])[0]
            for side in ready:
                data = side.recv(PIECE_BYTES)
                if not data:
                    return
                if side is upstream:
                    client.sendall(data)
                elif (sent := self._rewritten(client, data)) is not None:
                    upstream.sendall(sent)


@contextmanager
def forward_proxy(
    credentials: str = "", tls: ssl.SSLContext | None = None
) -> Iterator[ForwardProxy]:
    """A proxy that serves until the end of the block."""
    proxy = ForwardProxy(credentials, tls)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            connection: socket.socket = self.request
            try:
                if tls is not None:
                    connection = tls.wrap_socket(connection, server_side=True)
                proxy.serve(connection)
            except OSError:
                pass  # no TLS was agreed on
            finally:
                connection.close()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        proxy.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield proxy
        server.shutdown()
        thread.join(PATIENCE_SECONDS)
