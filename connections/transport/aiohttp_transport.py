"""``httpx``'s transport interface over one aiohttp session."""

from __future__ import annotations

import asyncio
import ssl
from functools import lru_cache
from math import inf

import aiohttp
import httpx
from aiohttp.hdrs import CONTENT_ENCODING
from yarl import URL

from accounts.outgoing_proxies import Proxies
from connections.errors import TransportStoppedError
from connections.request_extensions import (
    IS_SOCKET_EXTENSION,
    PROXY_EXTENSION,
    TIMEOUTS_EXTENSION,
    VERIFY_TLS_EXTENSION,
)
from connections.transport.attempt import Attempt
from connections.transport.connector import UpstreamConnector
from connections.transport.decoding import decoder_for
from connections.transport.plain_post import PlainPosts
from connections.transport.plain_request import PlainRequest
from connections.transport.proxying import Proxying, proxying
from connections.transport.request_body import headers_and_data
from connections.transport.response_body import DecodedBody, ResponseBody
from connections.transport.tls import tls_context
from connections.transport.watchdog import Watchdog, drop_connection
from connections.transport.websocket import refuse_redirects, shake_hands
from connections.upstream import Timeouts

DEFAULT_TIMEOUTS = Timeouts(connect=10, first_byte=300, idle=120, total=3600)
DEFAULT_DECODED_LIMIT_BYTES = 256 * 2**20
STALE_AFTER_DECODING = frozenset({b"content-encoding", b"content-length"})


class AiohttpTransport(httpx.AsyncBaseTransport):
    """One pool of connections to all upstreams, for one event loop, opened at the first request.

    A request's extensions may hold ``gatehouse.timeouts``, a :class:`Timeouts`, and
    ``gatehouse.verify_tls``: True, False, or the path of a CA file. URL and headers are sent as
    they are and nothing is added, redirects are not followed, cookies are not kept, and the
    environment's proxies are not used.

    ``proxy``: URL of an HTTP proxy for all, or which proxy a URL takes. A proxy resolves the names
    of upstreams itself. ``gatehouse.proxy`` among the extensions is a connection's own choice.
    ``allow_private``: whether private addresses may be reached; metadata services never may.
    ``limit_per_host``: connections to one upstream, 0 for any number.
    ``decoded_limit_bytes``: the largest body that an upstream's compression may unfold to.
    """

    def __init__(
        self,
        *,
        proxy: str | Proxies = "",
        allow_private: bool = True,
        limit_per_host: int = 0,
        decoded_limit_bytes: int = DEFAULT_DECODED_LIMIT_BYTES,
    ) -> None:
        self._proxies = Proxies(http=proxy, https=proxy) if isinstance(proxy, str) else proxy
        self._allow_private = allow_private
        self._limit_per_host = limit_per_host
        self._decoded_limit_bytes = decoded_limit_bytes
        # Without and with a proxy: names are judged here only where they are resolved here.
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._posts: PlainPosts  # over the pool of the session without a proxy
        self._socket_sessions: dict[bool, aiohttp.ClientSession] = {}
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request`` and return once the headers of the response are there.

        Raises ``httpx``'s ``ConnectError``, ``ConnectTimeout``, ``ProxyError`` or
        ``UnsupportedProtocol`` when the upstream saw nothing of it, ``TransportStoppedError`` after
        :meth:`aclose`, another ``TransportError`` when the upstream may have seen it.
        """
        timeouts = request.extensions.get(TIMEOUTS_EXTENSION, DEFAULT_TIMEOUTS)
        if request.extensions.get(IS_SOCKET_EXTENSION):
            return await self._open_socket(request, timeouts)
        attempt = Attempt(
            timeouts=timeouts,
            ends_at=asyncio.get_running_loop().time() + timeouts.total,
        )
        response = await self._send(request, attempt)
        if response.status == httpx.codes.SWITCHING_PROTOCOLS:
            drop_connection(response)
            raise httpx.RemoteProtocolError("The upstream switched protocols unasked.")
        if response.status == httpx.codes.PROXY_AUTHENTICATION_REQUIRED and self._proxy_of(request):
            drop_connection(response)
            raise httpx.ProxyError("The proxy answers 407.")
        body = ResponseBody(response, Watchdog(response, attempt))
        if CONTENT_ENCODING in response.headers:
            return self._decoded(response, body)
        return httpx.Response(response.status, headers=response.raw_headers, stream=body)

    async def aclose(self) -> None:
        """Close every connection. Requests after this fail."""
        self._is_closed = True
        for session in (*self._socket_sessions.values(), *self._sessions.values()):
            await session.close()

    async def _open_socket(self, request: httpx.Request, timeouts: Timeouts) -> httpx.Response:
        proxy = self._proxy_of(request)
        return await shake_hands(
            self._opened_socket_session(is_proxied=proxy is not None),
            request,
            ssl=_tls_of(request, proxy),
            timeouts=timeouts,
            proxy=proxy,
        )

    async def _send(self, request: httpx.Request, attempt: Attempt) -> aiohttp.ClientResponse:
        url = request.url
        if url.scheme not in {"http", "https"} or not url.host:
            raise httpx.UnsupportedProtocol("The URL must begin with http:// or https://.")
        proxy = self._proxy_of(request)
        session = self._opened_session(is_proxied=proxy is not None)
        tls = _tls_of(request, proxy)
        timeouts = attempt.timeouts
        connect = _connect_timeout(min(timeouts.connect, timeouts.total))
        with attempt:
            posted = None if proxy else self._posts.sent(request, tls=tls, connect=connect)
            if posted is not None:
                return await posted
            headers, data = headers_and_data(request)
            if data is not None and not isinstance(data, bytes):
                data = attempt.pieces(data)
            return await session.request(
                request.method,
                URL(str(url), encoded=True),
                headers=headers + proxy.headers(url.scheme) if proxy else headers,
                data=data,
                ssl=tls,
                timeout=connect,
                allow_redirects=False,
                **(proxy.options(url.scheme) if proxy else {}),
            )

    def _proxy_of(self, request: httpx.Request) -> Proxying | None:
        own: str = request.extensions.get(PROXY_EXTENSION, "")
        if not own and not self._proxies:
            return None
        chosen = self._proxies.of(str(request.url), override=own)
        return proxying(chosen) if chosen else None

    def _opened_session(self, *, is_proxied: bool) -> aiohttp.ClientSession:
        if self._is_closed:
            raise TransportStoppedError("The transport is closed.")
        if is_proxied not in self._sessions:
            connector = UpstreamConnector(
                allow_private=self._allow_private,
                is_proxied=is_proxied,
                limit_per_host=self._limit_per_host,
            )
            self._sessions[is_proxied] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                request_class=PlainRequest,
                auto_decompress=False,
                trust_env=False,
            )
            if not is_proxied:
                self._posts = PlainPosts(connector)
        return self._sessions[is_proxied]

    def _opened_socket_session(self, *, is_proxied: bool) -> aiohttp.ClientSession:
        connector = self._opened_session(is_proxied=is_proxied).connector
        if is_proxied not in self._socket_sessions:
            self._socket_sessions[is_proxied] = aiohttp.ClientSession(
                connector=connector,
                connector_owner=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                middlewares=(refuse_redirects,),
            )
        return self._socket_sessions[is_proxied]

    def _decoded(self, response: aiohttp.ClientResponse, body: ResponseBody) -> httpx.Response:
        encoding = ", ".join(response.headers.getall(CONTENT_ENCODING))
        decoder = decoder_for(encoding, limit_bytes=self._decoded_limit_bytes)
        headers = [
            field for field in response.raw_headers if field[0].lower() not in STALE_AFTER_DECODING
        ]
        stream = body if decoder is None else DecodedBody(body, decoder)
        return httpx.Response(response.status, headers=headers, stream=stream)


def _tls_of(request: httpx.Request, proxy: Proxying | None) -> ssl.SSLContext | bool:
    """The context for the upstream, which aiohttp takes for a proxy over TLS as well."""
    if request.url.scheme != "https" and not (proxy and proxy.is_over_tls):
        return True
    return tls_context(request.extensions.get(VERIFY_TLS_EXTENSION, True))


@lru_cache(maxsize=64)
def _connect_timeout(seconds: float) -> aiohttp.ClientTimeout:
    """Everything after the connection is timed here, and nothing is rounded up."""
    return aiohttp.ClientTimeout(total=None, connect=seconds, ceil_threshold=inf)
