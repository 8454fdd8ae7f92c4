"""WebSockets to upstreams: the pool, guard and TLS settings of requests, and aiohttp's client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import aiohttp
import httpx
from aiohttp import ClientHandlerType
from yarl import URL

from connections.errors import MidStreamError
from connections.transport.attempt import Attempt
from connections.transport.proxying import Proxying
from connections.upstream import Timeouts

CLOSE_SECONDS = 2.0
PING_SECONDS = 30.0
MOST_BYTES = 16 * 2**20  # in one message
CLOSING = {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED}
ABNORMAL_CLOSURE = 1006


class UpstreamSocket(httpx.AsyncByteStream):
    """An open socket, in the place where a response has its body.

    ``close_code`` and ``close_reason`` are the upstream's, once it has closed.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.close_code = ABNORMAL_CLOSURE
        self.close_reason = ""

    async def send(self, text: str) -> None:
        """Send one message, once there is room. Raises ``MidStreamError``."""
        try:
            await self._socket.send_str(text)
        except (aiohttp.ClientError, OSError) as exc:
            raise MidStreamError("The upstream closed the connection.") from exc

    async def messages(self) -> AsyncIterator[str | bytes]:
        """What the upstream says, until it closes or breaks off; neither raises."""
        while True:
            message = await self._socket.receive()
            if message.type in CLOSING:
                self.close_code = self._socket.close_code or ABNORMAL_CLOSURE
                self.close_reason = message.extra or ""
                return
            if message.type is aiohttp.WSMsgType.ERROR:
                return
            yield message.data

    async def close(self, code: int) -> None:
        """Say goodbye; an upstream that does not answer is left after a moment."""
        await self._socket.close(code=code)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """There is no body."""
        return
        yield b""

    async def aclose(self) -> None:
        await self._socket.close()


def _as_received(headers: Mapping[str, str] | None) -> list[tuple[bytes, bytes]]:
    """The bytes that aiohttp made ``headers`` of, which need not be ASCII."""
    return [
        (name.encode(), value.encode("utf-8", "surrogateescape"))
        for name, value in (headers or {}).items()
    ]


async def refuse_redirects(
    request: aiohttp.ClientRequest, handler: ClientHandlerType
) -> aiohttp.ClientResponse:
    """aiohttp follows them for WebSockets, unasked, and wherever they lead."""
    response = await handler(request)
    if response.headers.get("location") and 300 <= response.status < 400:
        response.close()
        raise aiohttp.WSServerHandshakeError(
            response.request_info, response.history, status=response.status
        )
    return response


async def shake_hands(
    session: aiohttp.ClientSession,
    request: httpx.Request,
    *,
    ssl: aiohttp.Fingerprint | bool | object,
    timeouts: Timeouts,
    proxy: Proxying | None = None,
) -> httpx.Response:
    """The upstream's answer: with status 101 its stream is an :class:`UpstreamSocket`.

    Raises what a request of HTTP raises.
    """
    loop = asyncio.get_running_loop()
    attempt = Attempt(
        timeouts=timeouts,
        connected_by=loop.time() + timeouts.connect,
        ends_at=loop.time() + timeouts.connect + timeouts.first_byte,
    )
    scheme = request.url.scheme
    headers = [(name.decode(), value.decode()) for name, value in request.headers.raw]
    if proxy is not None:
        headers += proxy.headers(scheme)
    with attempt:
        try:
            socket = await session.ws_connect(
                URL(str(request.url), encoded=True),
                headers=headers,
                ssl=ssl,  # type: ignore[arg-type]
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                heartbeat=PING_SECONDS,
                max_msg_size=MOST_BYTES,
                **(proxy.options(scheme) if proxy else {}),
            )
        except aiohttp.WSServerHandshakeError as exc:
            return httpx.Response(exc.status or 502, headers=_as_received(exc.headers))
    return httpx.Response(101, stream=UpstreamSocket(socket))
