"""A driver's ends of connections: it is the client of a gateway, and its upstream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any, ClassVar, cast

from benchmarks.load import EVENT, is_whole
from benchmarks.mock_upstream import COMPLETION, MODELS, STREAM_HEAD, STREAM_PIECES, content_length

PATIENCE_SECONDS = 60
CHUNK_END = b"}\n\n\r\n"


class End(asyncio.Protocol):
    """The driver's end of a connection, of which ``ends`` has all that are open."""

    ends: ClassVar[set[End]] = set()
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._lost = asyncio.Event()
        self.ends.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ends.discard(self)
        self._lost.set()

    @classmethod
    async def part(cls) -> None:
        """Cut every connection."""
        for end in tuple(cls.ends):
            end.transport.abort()
            await end._lost.wait()


class Upstream(End):
    """Answers chats, and begins streams, of which ``latest`` is the last; chunks are told."""

    latest: asyncio.Transport
    _received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < content_length(head):
            return
        self._received = b""
        if head.startswith(b"GET"):
            self.transport.write(MODELS)
        elif b'"stream":true' in body:
            Upstream.latest = self.transport
            self.transport.write(STREAM_HEAD + STREAM_PIECES[0])
        else:
            self.transport.write(COMPLETION)


class Arrival(End):
    """A client's connection. Calls ``arrived`` for each chunk, or for a whole answer."""

    _answer = b""

    def __init__(self, arrived: Callable[[], None]) -> None:
        self.arrived = arrived

    def data_received(self, data: bytes) -> None:
        answer = self._answer = self._answer + data
        if (EVENT in answer and answer.endswith(CHUNK_END)) or is_whole(answer):
            self._answer = b""
            self.arrived()


class Step:
    """Done when ``number`` arrivals were told. Raises ``TimeoutError`` where they stay out."""

    def __init__(self, number: int) -> None:
        self._left = number
        self._done = asyncio.get_running_loop().create_future()

    def arrived(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._done.set_result(None)

    def __await__(self) -> Generator[Any, None, None]:
        return asyncio.wait_for(self._done, PATIENCE_SECONDS).__await__()
