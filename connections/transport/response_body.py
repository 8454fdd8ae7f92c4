"""The body of a response, as it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import httpx

from connections.transport import errors
from connections.transport.decoding import Decoder
from connections.transport.watchdog import Watchdog, drop_connection

# However much has arrived: a reader that waits for a slow client holds several copies of a chunk.
LARGEST_CHUNK_BYTES = 64 * 1024


class ResponseBody(httpx.AsyncByteStream):
    """Yields what there is to read, and what an upstream does wrong as ``httpx`` errors.

    ``RemoteProtocolError``: truncated or garbled; ``ReadError``: reset; ``ReadTimeout``: from the
    watchdog. A connection whose response was read to its end is back in the pool by then.
    """

    def __init__(self, response: aiohttp.ClientResponse, watchdog: Watchdog) -> None:
        self._response = response
        self._watchdog = watchdog
        connection = None if _is_framed(response) else response.connection
        self._protocol_of_unframed = connection and connection.protocol

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = self._response.content.read
        watchdog = self._watchdog
        try:
            watchdog.is_awaited = True
            while chunk := await read(LARGEST_CHUNK_BYTES):
                watchdog.is_awaited = False
                yield chunk
                watchdog.is_awaited = True
        except (aiohttp.ClientError, OSError) as exc:
            raise errors.while_reading(exc) from exc
        finally:
            watchdog.is_awaited = False
        watchdog.stop()
        self._refuse_reset_as_end()

    def _refuse_reset_as_end(self) -> None:
        """Where the end of the connection ends the body, aiohttp takes a reset for one."""
        protocol = self._protocol_of_unframed
        if protocol is not None and isinstance(protocol.exception(), OSError):
            raise httpx.ReadError("The connection was reset.") from protocol.exception()

    async def aclose(self) -> None:
        """Close the connection unless the body has arrived in full. May be called twice."""
        self._watchdog.stop()
        if not self._response.closed:
            drop_connection(self._response)


class DecodedBody(httpx.AsyncByteStream):
    """A body with its compression taken off. Raises ``httpx.DecodingError`` besides."""

    def __init__(self, body: ResponseBody, decoder: Decoder) -> None:
        self._body = body
        self._decoder = decoder

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._body:
            for piece in self._decoder.decode(chunk):
                yield piece
                await asyncio.sleep(0)  # a bomb is not to hold up everybody else
        self._decoder.finish()

    async def aclose(self) -> None:
        await self._body.aclose()


def _is_framed(response: aiohttp.ClientResponse) -> bool:
    return "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
