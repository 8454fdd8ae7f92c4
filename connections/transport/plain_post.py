"""A POST whose body is whole, with its head written by hand on a connection of aiohttp's pool.

aiohttp's session makes a request object, a writer and a task for each request, and looks for
cookies, redirects, proxies and credentials. Chats need none of it. What is theirs are the pool, the
protocol with its parser, and the response::

    PlainPosts.sent -- None --> the session: uploads, GET, proxies, long bodies
      | head and body
      v
    UpstreamConnector.connect --> head and body in one write --> ClientResponse.start

It is sent once. ``gateway_project/private_members`` lists what it relies on within aiohttp.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import httpx
from aiohttp.connector import Connection
from aiohttp.helpers import TimerNoop
from yarl import URL

from connections.transport.connector import UpstreamConnector
from connections.transport.plain_request import PlainRequest
from connections.transport.request_body import SLICE_BYTES

MOST_WAYS = 1024
NO_TIMER = TimerNoop()
OF_SESSION = frozenset({b"expect", b"transfer-encoding"})  # aiohttp does more than write them
ALL_WRITTEN: Any = SimpleNamespace(output_size=0)  # in place of the writer of a request


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where a connection leads, as aiohttp's pool knows it. ``host`` is the first header."""

    request: PlainRequest
    info: aiohttp.RequestInfo
    host: bytes


class PlainPosts:
    """Sends POSTs over the connections of ``connector``."""

    def __init__(self, connector: UpstreamConnector) -> None:
        self._connector = connector
        self._loop = asyncio.get_running_loop()
        self._ways: dict[tuple[str, str, int | None, ssl.SSLContext | bool], Way] = {}

    def sent(
        self,
        request: httpx.Request,
        *,
        tls: ssl.SSLContext | bool,
        connect: aiohttp.ClientTimeout,
    ) -> Coroutine[Any, Any, aiohttp.ClientResponse] | None:
        """The response, once its headers are there. None for any other request.

        Raises what a session would, and ``ValueError`` for headers that would break the request.
        """
        body = whole_post(request)
        if body is None:
            return None
        way = self._way(request.url, tls)
        head = head_of(request, way.host, length=len(body))
        return None if head is None else self._answered(way, head + body, connect)

    async def _answered(
        self, way: Way, data: bytes, connect: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        connection = await self._connector.connect(way.request, [], connect)
        pooled = self._response(way)
        try:
            _write(connection, data)
            return await pooled.start(connection)
        except BaseException:
            pooled.close()
            connection.close()
            raise

    def _response(self, way: Way) -> aiohttp.ClientResponse:
        return aiohttp.ClientResponse(
            "POST",
            way.request.url,
            writer=None,
            continue100=None,
            timer=NO_TIMER,
            request_info=way.info,
            traces=[],
            loop=self._loop,
            session=cast("Any", None),
            stream_writer=ALL_WRITTEN,
        )

    def _way(self, url: httpx.URL, tls: ssl.SSLContext | bool) -> Way:
        key = (url.scheme, url.host, url.port, tls)
        way = self._ways.get(key)
        if way is None:
            if len(self._ways) >= MOST_WAYS:
                self._ways.clear()
            way = self._ways[key] = self._made(url, tls)
        return way

    def _made(self, url: httpx.URL, tls: ssl.SSLContext | bool) -> Way:
        origin = URL(str(url.copy_with(raw_path=b"/", fragment=None)), encoded=True)
        request = PlainRequest("POST", origin, loop=self._loop, ssl=tls)
        host = b"Host: %s\r\n" % request.headers["Host"].encode()
        return Way(request=request, info=request.request_info, host=host)


def _write(connection: Connection, data: bytes) -> None:
    """Have the protocol await a response, and write. A buffer that is full holds it as well."""
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None or transport.is_closing():
        raise aiohttp.ClientConnectionResetError("Cannot write to closing transport")
    protocol.set_response_params(read_until_eof=True, auto_decompress=False)
    transport.write(data)


def whole_post(request: httpx.Request) -> bytes | None:
    """The body of a POST that can be written in one go; None for every other request."""
    if request.method != "POST" or not isinstance(request.stream, httpx.ByteStream):
        return None
    body = request.read()
    return body if 0 < len(body) <= SLICE_BYTES and not request.url.userinfo else None


def head_of(request: httpx.Request, host: bytes, *, length: int) -> bytes | None:
    """Request line and headers, as they are; None where that would not do.

    Raises ``ValueError`` for a line break or a null character in any of it.
    """
    fields = request.headers.raw
    names = [name.lower() for name, _ in fields]
    if names.count(b"content-length") != 1 or not OF_SESSION.isdisjoint(names):
        return None
    if fields[names.index(b"content-length")][1] != b"%d" % length:
        return None
    lines = [b"%s: %s\r\n" % field for field in fields]
    if b"host" in names:
        host = lines.pop(names.index(b"host"))
    head = b"".join([b"POST ", request.url.raw_path, b" HTTP/1.1\r\n", host, *lines, b"\r\n"])
    ends = len(lines) + 3
    if head.count(b"\n") != ends or head.count(b"\r") != ends or b"\0" in head:
        raise ValueError("Newline, carriage return or null character in a header.")
    return head
