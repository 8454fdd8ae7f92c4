"""A mail server on loopback that keeps what it is sent."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from typing import cast


class _Session(socketserver.StreamRequestHandler):
    """SMTP without extensions: https://www.rfc-editor.org/rfc/rfc5321"""

    def handle(self) -> None:
        sink = cast("_Server", self.server)
        self._say("220 sink")
        while line := self.rfile.readline():
            match line[:4].strip().upper():
                case b"DATA":
                    self._say("354 go on")
                    sink.mails.append(email.message_from_bytes(self._mail()))
                    self._say("250 kept")
                case b"QUIT":
                    self._say("221 bye")
                    return
                case b"EHLO":
                    self._say("502 no extensions")
                case _:
                    self._say("250 ok")

    def _mail(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[Message] = []


class MailSink:
    """``mails`` are in the order in which they came."""

    def __init__(self, server: _Server) -> None:
        self.mails = server.mails
        self.url = f"smtp://127.0.0.1:{server.server_address[1]}"


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    """A sink that listens until the block is left."""
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield MailSink(server)
        finally:
            server.shutdown()
            thread.join()
