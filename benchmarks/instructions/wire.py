"""Both ends of a gateway without a network: a client's connection and an upstream's.

Neither costs more than a few calls, and what they cost is the same for all that is counted.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import aiohttp

from benchmarks.instructions.marks import Marks
from benchmarks.mock_upstream import COMPLETION, MODELS, STREAM_END, STREAM_HEAD, STREAM_PIECES

CHAT_ENDS_WITH = COMPLETION[-30:]
STREAM_ENDS_WITH = b"0\r\n\r\n"


class WireError(Exception):
    """A request was not answered as it should be, so that counts would mean nothing."""


class Wire(asyncio.Transport):
    """What a protocol needs of a transport."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__({"peername": ("127.0.0.1", 50000), "sockname": ("127.0.0.1", 8000)})
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._is_closing = False

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def is_reading(self) -> bool:
        return True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def writelines(self, parts: Any) -> None:
        self.write(b"".join(parts))


class ClientWire(Wire):
    """The client's end: asks, and waits until what it awaits was written."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__(protocol)
        self._end = b""
        self.answer: list[bytes] = []
        protocol.connection_made(self)

    async def ask(self, request: bytes, end: bytes) -> bytes:
        """The answer to ``request``, which ends with ``end``. Raises :class:`WireError`."""
        self.answer.clear()
        self._end = end
        self._done = self._loop.create_future()
        self._protocol.data_received(request)
        await self._done
        if not self.answer[0].startswith(b"HTTP/1.1 200"):
            raise WireError(b"".join(self.answer).decode())
        return b"".join(self.answer)

    def write(self, data: Any) -> None:
        self.answer.append(data)
        is_failure = data.startswith(b"HTTP/1.1") and not data.startswith(b"HTTP/1.1 200")
        if data.endswith(self._end) or is_failure:
            self._done.set_result(None)


class UpstreamWire(Wire):
    """The upstream's end: answers a request once its body is there, a stream chunk by chunk."""

    def __init__(self, protocol: asyncio.Protocol, upstream: Upstream) -> None:
        super().__init__(protocol)
        self._upstream = upstream
        self._call_soon = self._loop.call_soon
        protocol.connection_made(self)

    def write(self, data: Any) -> None:
        if data.startswith(b"GET "):
            self._call_soon(self._protocol.data_received, MODELS)
        elif not data.endswith(b"}"):
            return  # a head, before its body
        elif not self._upstream.chunks:
            self._call_soon(self._answer)
        else:
            self._call_soon(self._protocol.data_received, STREAM_HEAD)
            self._call_soon(self._stream, self._upstream.chunks)

    def _answer(self) -> None:
        if self._upstream.marks is not None:
            self._upstream.marks.begin(self._upstream.stage)
        self._protocol.data_received(COMPLETION)

    def _stream(self, left: int) -> None:
        if left:
            self._protocol.data_received(STREAM_PIECES[left & 1])
            self._call_soon(self._stream, left - 1)
        else:
            self._protocol.data_received(STREAM_END)


class Upstream:
    """Every connection that aiohttp opens leads here. ``chunks`` are those of the next stream, 0
    for a chat in one piece. ``marks`` hear of the moment of an answer, as of ``stage``."""

    def __init__(self) -> None:
        self.chunks = 0
        self.marks: Marks | None = None
        self.stage = ""

    def take_connections(self) -> None:
        upstream = self

        async def connected(connector: Any, *_: Any) -> Any:
            protocol = connector._factory()
            UpstreamWire(cast("asyncio.Protocol", protocol), upstream)
            return protocol

        aiohttp.TCPConnector._create_connection = connected  # type: ignore[method-assign]
