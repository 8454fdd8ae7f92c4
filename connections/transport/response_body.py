"""The body of a response, as it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import cast

import aiohttp
import httpx

from connections.transport import errors
from connections.transport.decoding import Decoder
from connections.transport.protocol import UpstreamProtocol
from connections.transport.watchdog import Watchdog, drop_connection

# However much has arrived: a reader that waits for a slow client holds several copies of a chunk.
LARGEST_CHUNK_BYTES = 64 * 1024

Receiver = Callable[[bytes], bool]


class ResponseBody(httpx.AsyncByteStream):
    """Yields what there is to read, and what an upstream does wrong as ``httpx`` errors.

    ``RemoteProtocolError``: truncated or garbled; ``ReadError``: reset; ``ReadTimeout``: from the
    watchdog. A connection whose response was read to its end is back in the pool by then.

    Where there is a ``receiver``, chunks that come while the reader waits are offered to it first,
    and those it takes do not wake the reader: a task's turn costs more than passing a chunk on.
    """

    def __init__(self, response: aiohttp.ClientResponse, watchdog: Watchdog) -> None:
        self.receiver: Receiver | None = None
        self._response = response
        self._watchdog = watchdog
        self._waiter: asyncio.Future[bytes] | None = None
        # `connection` is None once the whole body has arrived, possibly with the headers.
        connection = response.connection
        self._protocol = cast("UpstreamProtocol", connection.protocol) if connection else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read_nowait = self._response.content.read_nowait
        try:
            while chunk := read_nowait(LARGEST_CHUNK_BYTES) or await self._next():
                yield chunk
        except (aiohttp.ClientError, OSError) as exc:
            raise errors.while_reading(exc) from exc
        finally:
            self._let_go()
        self._watchdog.stop()
        self._refuse_reset_as_end()

    def at_once(self, limit: int) -> bytes | None:
        """The whole body, if it is complete, well-formed and at most ``limit`` bytes long."""
        content = self._response.content
        if self._protocol is not None or content.exception() is not None:
            return None
        return None if content.total_bytes > limit else content.read_nowait()

    async def aclose(self) -> None:
        """Close the connection unless the body has arrived in full. May be called twice."""
        self._watchdog.stop()
        if not self._response.closed:
            drop_connection(self._response)

    async def _next(self) -> bytes:
        """What arrives next; empty at the end of the body."""
        if self._protocol is None or self._has_ended():
            return b""
        self._waiter = asyncio.get_running_loop().create_future()
        self._protocol.on_news = self._take
        if self.receiver is not None and _is_chunked(self._response):
            self._protocol.on_chunk = self._offered
        self._watchdog.is_awaited = True
        try:
            return await self._waiter
        finally:
            self._watchdog.is_awaited = False
            self._waiter = None

    def _take(self) -> None:
        """Read what has arrived, and wake the reader unless that is somebody else's."""
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        self._waiter = None  # first: reading may resume the connection, which calls this again
        try:
            while chunk := self._response.content.read_nowait(LARGEST_CHUNK_BYTES):
                if self.receiver is None or not self.receiver(chunk):
                    waiter.set_result(chunk)
                    return
                if len(chunk) < LARGEST_CHUNK_BYTES:
                    break
            if self._has_ended():
                waiter.set_result(b"")
            else:
                self._waiter = waiter
        except Exception as exc:  # noqa: BLE001 - whatever it is, nobody else would wake the reader
            waiter.set_exception(exc)

    def _offered(self, chunk: bytes) -> bool:
        """Whether the receiver has ``chunk``, with which the reader has nothing more to do."""
        waiter = self._waiter
        if waiter is None or waiter.done() or self.receiver is None:
            return False
        try:
            is_taken = self.receiver(chunk)
        except Exception as exc:  # noqa: BLE001 - as in _take
            waiter.set_exception(exc)
            return True
        self._watchdog.chunks_taken += is_taken
        return is_taken

    def _has_ended(self) -> bool:
        """Whether the body is complete. Raises ``RemoteProtocolError`` if it never will be.

        aiohttp closes a connection after a malformed chunk, and says nothing of it to the reader;
        over TLS the closing may wait for the peer.
        """
        if self._response.content.at_eof():
            return True
        protocol = self._protocol
        if protocol is not None and (not protocol.connected or protocol.exception() is not None):
            raise httpx.RemoteProtocolError("The answer is garbled.")
        return False

    def _let_go(self) -> None:
        """Hear no more of the connection, which may be the next one's by now."""
        if self._protocol is not None and self._protocol.on_news == self._take:
            self._protocol.on_news = self._protocol.on_chunk = None

    def _refuse_reset_as_end(self) -> None:
        """Where the end of the connection ends the body, aiohttp takes a reset for one."""
        if self._protocol is None or _is_framed(self._response):
            return
        error = self._protocol.exception()
        if isinstance(error, OSError):
            raise httpx.ReadError("The connection was reset.") from error


class DecodedBody(httpx.AsyncByteStream):
    """A body with its compression taken off. Raises ``httpx.DecodingError`` besides."""

    def __init__(self, body: ResponseBody, decoder: Decoder) -> None:
        self._body = body
        self._decoder = decoder

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._body:
            for piece in self._decoder.decode(chunk):
                yield piece
                await asyncio.sleep(0)  # a decompression bomb must not block the event loop
        self._decoder.finish()

    async def aclose(self) -> None:
        await self._body.aclose()


def _is_chunked(response: aiohttp.ClientResponse) -> bool:
    return response.headers.get("Transfer-Encoding", "").lower() == "chunked"


def _is_framed(response: aiohttp.ClientResponse) -> bool:
    return "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
