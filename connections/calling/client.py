"""The one way to reach an upstream.

``httpx`` is the language spoken here (requests, responses, auth flows, exceptions); the transport
below is our own (:mod:`connections.transport`). ``httpx.AsyncClient`` is left out: what it adds are
redirects, cookies and environment proxies, none of which a gateway wants, for a third of the cost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Protocol

import httpx

from connections import errors
from connections.calling.held_chunks import HeldChunks
from connections.calling.translated import translated_body, translated_chunks
from connections.calling.whole_body import whole_body
from connections.request_extensions import (
    PROXY_EXTENSION,
    SECRETS_EXTENSION,
    TIMEOUTS_EXTENSION,
    TRANSLATION_EXTENSION,
    VERIFY_TLS_EXTENSION,
)
from connections.transport.response_body import Receiver, ResponseBody
from connections.transport.websocket import UpstreamSocket
from connections.upstream import Timeouts
from wire_formats.json_cost import read_aside
from wire_formats.sse import MEDIA_TYPE
from wire_formats.translation import Translation


class UpstreamResponse:
    """A response whose body is still to come. Its holder reads it or closes it.

    With a ``translation`` a success reads as if the upstream spoke OpenAI's API.
    ``waited_seconds`` is how long its body was waited for so far. ``has_broken``: the upstream
    broke it off. ``secrets`` are what the request was signed with, beside its connection's keys.
    """

    def __init__(
        self,
        response: httpx.Response,
        translation: Translation | None = None,
        secrets: frozenset[str] = frozenset(),
    ) -> None:
        self.secrets = secrets
        self._response = response
        self._translation = translation if response.is_success else None
        self.status = response.status_code
        self.headers = response.headers
        if self._translation and "ndjson" in self.headers.get("content-type", ""):
            self.headers["content-type"] = MEDIA_TYPE  # a translated stream is an event stream
        self._body: bytes | None = None
        self._held: HeldChunks | None = None
        self.waited_seconds = 0.0
        self.has_broken = False

    @property
    def socket(self) -> UpstreamSocket | None:
        """The WebSocket that the upstream opened, if the request asked for one."""
        stream = self._response.stream
        return stream if isinstance(stream, UpstreamSocket) else None

    def chunks(self) -> AsyncGenerator[bytes] | HeldChunks:
        """The decoded body as it arrives. Raises ``MidStreamError``."""
        return self.begun() if self._held is None else self._held

    def begun(self) -> AsyncGenerator[bytes]:
        """The chunks for one who looks ahead, and gives back by :meth:`hold` what was read."""
        if self._translation is None:
            return self._received()
        return translated_chunks(self._received(), self._translation)

    def hold(self, begin: bytes, rest: AsyncGenerator[bytes]) -> None:
        """Have :meth:`chunks` be ``begin``, which was read ahead, and what is left of ``rest``."""
        self._held = HeldChunks(begin, rest)

    def offer_to(self, receiver: Receiver | None) -> None:
        """Have ``receiver`` see what arrives while ``chunks`` are waited for, before they have it.

        Its data does not come through ``chunks``. It is offered nothing of a body that has to
        be decoded or translated.
        """
        if self._translation is None and isinstance(self._response.stream, ResponseBody):
            self._response.stream.receiver = receiver

    async def read(self, limit: int) -> bytes:
        """The whole body, as often as asked for.

        Raises ``MidStreamError``, also when it is longer than ``limit``.
        """
        if self._body is not None:
            return self._body
        stream = self._response.stream
        body = stream.at_once(limit) if isinstance(stream, ResponseBody) else None
        if body is None:
            body = await whole_body(self._received(), limit)
        if self._translation is not None:
            body = await read_aside(partial(translated_body, translation=self._translation), body)
        self._body = body
        return self._body

    async def aclose(self) -> None:
        """Give the connection back, or close it when the body was not read to its end."""
        response = self._response
        if not response.is_closed:  # what httpx's own way adds serves requests that it has sent
            response.is_closed = True
            await response.stream.aclose()  # type: ignore[union-attr]

    async def _received(self) -> AsyncGenerator[bytes]:
        asked_at: float | None = time.monotonic()
        try:
            async for chunk in self._response.stream:  # type: ignore[union-attr]
                self._note_wait(asked_at)
                asked_at = None
                yield chunk
                asked_at = time.monotonic()
        except (httpx.TransportError, httpx.DecodingError) as exc:
            self.has_broken = not isinstance(exc, errors.OutOfTimeError)
            raise errors.within_response(exc) from exc
        finally:
            self._note_wait(asked_at)

    def _note_wait(self, since: float | None) -> None:
        if since is not None:
            self.waited_seconds += time.monotonic() - since


class Closable(Protocol):
    """Something that a request holds on to."""

    async def aclose(self) -> None: ...


async def close_all(closables: list[Closable]) -> None:
    """Close each of ``closables``, whatever becomes of the others, and empty the list.

    A task's context knows it, and what is in it knows the task by way of its timers, so that only
    the garbage collector could free either.

    Raises at the end: ``CancelledError`` if the task was cancelled meanwhile, else the first error.
    """
    failure: BaseException | None = None
    for closable in closables:
        try:
            await closable.aclose()
        except asyncio.CancelledError as exc:
            failure = exc
        except Exception as exc:  # noqa: BLE001 - raised once the others are closed
            failure = failure or exc
    closables.clear()
    if failure is not None:
        raise failure


# The responses opened by the request at hand; its handler closes them whatever happens.
owned_responses: ContextVar[list[Closable] | None] = ContextVar("owned_responses", default=None)


class UpstreamClient:
    """Sends requests over one pool of connections, shared by all upstreams of a worker."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self.transport = transport

    async def send(
        self,
        request: httpx.Request,
        *,
        auth: httpx.Auth | None,
        timeouts: Timeouts,
        verify_tls: bool | Path = True,
        proxy: str = "",
    ) -> UpstreamResponse:
        """Sign and send. Redirects are not followed, cookies are not kept.

        ``auth`` is None for a request that is signed already. ``proxy`` is a connection's own
        choice: empty for the gateway's proxy, ``none``, or a URL.

        Raises :class:`connections.errors.UpstreamError` and whatever ``auth`` raises.
        """
        request.extensions = {
            **request.extensions,
            TIMEOUTS_EXTENSION: timeouts,
            VERIFY_TLS_EXTENSION: verify_tls,
            PROXY_EXTENSION: proxy,
        }
        try:
            if auth is None:
                answer = await self.transport.handle_async_request(request)
            else:
                answer = await self._signed(request, auth)
        except httpx.TransportError as exc:
            raise errors.before_response(exc) from exc
        extensions = request.extensions
        response = UpstreamResponse(
            answer,
            extensions.get(TRANSLATION_EXTENSION),
            extensions.get(SECRETS_EXTENSION, frozenset()),
        )
        owned = owned_responses.get()
        if owned is not None:
            owned.append(response)
        return response

    async def _signed(self, request: httpx.Request, auth: httpx.Auth) -> httpx.Response:
        """Drive the auth flow, which may look at a response and ask again."""
        flow = auth.async_auth_flow(request)
        try:
            signed = await anext(flow)
            while True:
                response = await self.transport.handle_async_request(signed)
                try:
                    signed = await flow.asend(response)
                except StopAsyncIteration:
                    return response
                except BaseException:
                    await response.aclose()
                    raise
                await response.aclose()
        finally:
            await flow.aclose()

    async def aclose(self) -> None:
        """Close the pool."""
        await self.transport.aclose()
