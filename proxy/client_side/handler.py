"""Django's ASGI handler, reduced to what an API needs.

No middleware, no request signals, no temporary file for the body and no thread: Django's own
handler spends most of a millisecond on those. This handler adds a cap on
bodies, an end to calls whose client has gone, and a limit on how long a client may not read.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from connections.calling.client import Closable, close_all, owned_responses
from proxy.client_side.anthropic_errors import error_response
from proxy.client_side.api_request import ApiRequest
from proxy.client_side.body_clock import Receive
from proxy.client_side.cancelling import uncancel
from proxy.client_side.cors import Cors, is_preflight
from proxy.client_side.errors import ApiError, InvalidRequestError, StoppedError
from proxy.client_side.exception_handler import ErrorResponse
from proxy.client_side.exchange_headers import with_exchange
from proxy.client_side.hops import check_hops
from proxy.client_side.incoming import ClientGoneError, IncomingBody, declared_length
from proxy.client_side.outgoing import Outgoing
from proxy.client_side.paths import EVERY_METHOD, Paths
from proxy.client_side.recorded_outgoing import RecordedOutgoing
from proxy.client_side.relayed import RelayResponse
from proxy.client_side.request_id import new_request_id
from proxy.client_side.scope_extensions import (
    BODY_EXTENSION,
    GONE_EXTENSION,
    REQUEST_ID_EXTENSION,
    extensions_of,
)
from usage.exchange import StopReason
from usage.in_flight import in_flight
from usage.journals import is_redis_chosen

MOST_KNOWN_HOSTS = 1000


class ApiHandler(ASGIHandler):
    """Serves the routes of ``settings.API_URLCONF``. Every answer is JSON or an event stream."""

    def __init__(self) -> None:
        super().__init__()
        # Read once: reading one of Django's settings takes a microsecond.
        self._body_limit: int = settings.GATEWAY_MAX_JSON_BYTES
        self._body_seconds: float = settings.GATEWAY_BODY_SECONDS
        self._structure_limit: int = settings.GATEWAY_MAX_JSON_STRUCTURE
        self._write_timeout: float = settings.GATEWAY_WRITE_TIMEOUT
        self._keep_alive: float = settings.GATEWAY_STREAM_KEEP_ALIVE_SECONDS
        self._has_short_road: bool = settings.GATEWAY_SHORT_ROAD
        self._outgoing: type[Outgoing] = RecordedOutgoing if is_redis_chosen() else Outgoing
        self._paths = Paths(settings.API_URLCONF)
        self._cors = Cors(settings.GATEWAY_CORS_ORIGINS)
        self._known_hosts: set[str] = set()

    def load_middleware(self, is_async: bool = False) -> None:
        """There is none."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        extensions = extensions_of(scope)
        serving = cast("asyncio.Task[None]", asyncio.current_task())
        incoming = self.incoming(receive, serving, extensions)
        owned: list[Closable] = []
        owned_responses.set(owned)
        request_id = extensions.get(REQUEST_ID_EXTENSION) or new_request_id()
        outgoing = self._outgoing(
            send,
            scope,
            serving=serving,
            request_id=request_id,
            write_timeout=self._write_timeout,
            keep_alive=self._keep_alive,
            more_headers=self._cors.headers(scope["headers"]),
        )
        try:
            await self.serve(
                self.request(scope, incoming, outgoing, request_id=request_id, serving=serving)
            )
        except ApiError as exc:  # there is no request that could be served
            failure = error_response(exc, path=scope["path"], request_id=request_id)
            await self.answer(failure, None, outgoing)
        except ClientGoneError:
            pass
        except asyncio.CancelledError:  # the client has left, or the server shuts down
            if not (incoming.is_client_gone or outgoing.has_given_up):
                raise
            uncancel()
        finally:
            incoming.close()
            outgoing.close()
            await close_all(owned)

    def incoming(
        self, receive: Receive, serving: asyncio.Task[None], extensions: dict[str, Any]
    ) -> IncomingBody:
        """The body of the request that ``serving`` serves, still to be read."""
        return IncomingBody(
            receive,
            serving=serving,
            limit=self._body_limit,
            seconds=self._body_seconds,
            structure_limit=self._structure_limit,
            when_gone=extensions.get(GONE_EXTENSION),
            take=extensions.get(BODY_EXTENSION),
        )

    async def serve(self, request: ApiRequest) -> None:
        """Answer ``request``, and close its account whatever happens."""
        try:
            await self.answer(await self.respond(request), request, request.outgoing)
        except ApiError as exc:
            await self.refuse(request, exc)
        except asyncio.CancelledError:
            if request.stopped_for is None:
                raise
            uncancel()
            await self.refuse(request, StoppedError(request.stopped_for))
        finally:
            if request.exchange is not None:
                # Before any `await`, which may be cancelled. Closing it again does nothing.
                is_gone = request.incoming.is_client_gone or request.outgoing.has_given_up
                request.exchange.is_client_gone = is_gone
                in_flight.close(request.exchange)

    async def refuse(self, request: ApiRequest, error: ApiError) -> None:
        """Answer with ``error``, where no view is there to say it in its form."""
        failure = error_response(error, path=request.path, request_id=request.request_id)
        await self.answer(failure, request, request.outgoing)

    def request(
        self,
        scope: Any,
        incoming: IncomingBody,
        outgoing: Outgoing,
        *,
        request_id: str,
        serving: asyncio.Task[None],
    ) -> ApiRequest:
        """Django's view of ``scope``. Raises ``ApiError`` for one that cannot be served."""
        if not in_flight.is_accepting:
            raise StoppedError(StopReason.SHUTTING_DOWN)
        incoming.declared_length = declared_length(scope["headers"])
        try:
            request = ApiRequest(scope, incoming, outgoing, request_id=request_id, serving=serving)
        except UnicodeDecodeError as exc:
            raise InvalidRequestError("The URL is not valid UTF-8.") from exc
        incoming.content_encoding = request.META.get("HTTP_CONTENT_ENCODING", "")
        request.application = self
        self.check_host(request)
        if hops := request.META.get("HTTP_X_GATEWAY_HOPS"):
            check_hops(hops)
        return request

    async def respond(self, request: ApiRequest) -> HttpResponseBase:
        """The response of the view that the path leads to. Raises ``ApiError`` if there is none."""
        if request.method == "OPTIONS":
            return self.options(request)
        match = self._paths.match(request.path_info)
        response: HttpResponseBase = await match.func(request, *match.args, **match.kwargs)
        return response

    def options(self, request: ApiRequest) -> HttpResponseBase:
        """The methods of a path, which need no key, and what a browser asks before a request.

        A browser is answered for paths that do not exist, so that its page can read the error.
        """
        fields = request.scope["headers"]
        try:
            methods = self._paths.methods(request.path_info)
        except ApiError:
            if not is_preflight(fields):
                raise
            methods = EVERY_METHOD
        response = HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"allow": ", ".join(methods)})
        del response["content-type"]
        if is_preflight(fields):
            for name, value in self._cors.preflight(fields, methods):
                response[name.decode()] = value.decode("latin-1")
        return response

    def check_host(self, request: ApiRequest) -> None:
        """Raises ``InvalidRequestError`` for a Host that ``ALLOWED_HOSTS`` does not know."""
        host = request.META.get("HTTP_HOST", "")
        if host in self._known_hosts:
            return
        try:
            request.get_host()
        except DisallowedHost as exc:
            raise InvalidRequestError(
                "The Host header is not allowed.", code="invalid_host"
            ) from exc
        if len(self._known_hosts) < MOST_KNOWN_HOSTS:  # a wildcard lets in any number
            self._known_hosts.add(host)

    async def answer(
        self, response: HttpResponseBase, request: ApiRequest | None, outgoing: Outgoing
    ) -> None:
        """Send ``response``; as the last words of a stream if its client was told of one."""
        exchange = None if request is None else request.exchange
        if exchange is not None:
            exchange.status = 200 if outgoing.has_begun else response.status_code
            # For a stream that failed in its first bytes the code is noted already.
            exchange.error_code = getattr(response, "error_code", exchange.error_code)
        headers = [(k.lower().encode(), v.encode("latin-1")) for k, v in response.items()]
        if exchange is not None:
            headers = with_exchange(headers, exchange)
        is_head = request is not None and request.method == "HEAD"
        if response.streaming and is_head:
            await outgoing.begin(response.status_code, headers)
            await outgoing.finish()
        elif response.streaming:
            await outgoing.begin(response.status_code, headers)
            if self._has_short_road and isinstance(response, RelayResponse):
                response.pass_on_by(outgoing.write_at_once)
            async with aclosing(aiter(cast("Any", response))) as parts:
                await outgoing.stream(parts, exchange)
            if exchange is not None:
                in_flight.close(exchange)  # before the last byte: a full response has a record
            await outgoing.finish()
        elif outgoing.has_begun:
            if exchange is not None:
                in_flight.close(exchange)
            await outgoing.fail(cast("ErrorResponse", response).error)
        else:
            body: bytes = response.content  # type: ignore[attr-defined]
            if exchange is not None:
                exchange.note_first_byte()
                exchange.bytes_sent = len(body)
                in_flight.close(exchange)
            await outgoing.whole(response.status_code, headers, body, is_sent=not is_head)
