"""DRF's view with a dispatch that never leaves the event loop.

DRF's own ``dispatch`` is synchronous. This one awaits what may wait (authentication, the body, the
view) in DRF's declared order, and reads the body only once the caller may be served.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework import exceptions
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches
from rest_framework.views import APIView

from accounts.caller import Caller
from proxy.client_side.api_request import ApiRequest
from proxy.client_side.errors import ApiError, MethodNotAllowedError
from proxy.client_side.exception_handler import ErrorResponse, to_api_error
from proxy.client_side.incoming import ClientGoneError
from proxy.client_side.rendering import JsonParser, JsonRenderer, rendered
from wire_formats.json_cost import LONG_BYTES, read_aside
from wire_formats.json_types import JsonObject

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

NEGOTIATOR = DefaultContentNegotiation()  # nothing is negotiated
WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE"})


class AsyncView(APIView):
    """Subclasses write ``async def get`` or ``post``, which return a Django or DRF response.

    Permission classes may have a coroutine for ``has_permission`` or a plain method.

    ``api_request`` is the request below DRF's. ``caller`` and ``credential``, the key that the
    caller presented, are set once authentication is done. All three are asked for many times, and
    DRF looks each of them up the long way.
    """

    api_request: ApiRequest
    caller: Caller
    credential: str

    throttle_classes = ()
    parser_classes = (JsonParser,)
    renderer_classes = (JsonRenderer,)
    reads_body = True  # a view that does not takes the body as it comes, from request.incoming
    ends_with_client = WITHOUT_BODY  # which of these are given up when their client has left
    http_method_names = ("get", "head", "post", "put", "patch", "delete")
    _payload: JsonObject | None = None

    @classmethod
    def methods(cls) -> tuple[str, ...]:
        """The methods that the view knows. HEAD is GET without the body of its response."""
        own = [name.upper() for name in cls.http_method_names if hasattr(cls, name)]
        return (*own, *(["HEAD"] if "GET" in own else []), "OPTIONS")

    @property
    def payload(self) -> JsonObject:
        """The request's JSON object. Not to be changed: several targets may need it."""
        if self._payload is None:
            body = self.api_request.body
            if body and self.request.content_type == JsonParser.media_type:
                # A short cut: DRF would look for forms and negotiate before it parses this JSON.
                self._payload = JsonParser.parsed(body)
            else:
                self._payload = cast("JsonObject", self.request.data)
        return self._payload

    @property
    def is_long(self) -> bool:
        """Whether what reads all of the payload should do so in a thread."""
        return self._payload is not None and self.api_request.incoming.received_bytes >= LONG_BYTES

    async def aside(self, read: Callable[..., Result], *args: Any) -> Result:
        """``read(*args)``, which reads all of the payload: in a thread where that is long."""
        return await asyncio.to_thread(read, *args) if self.is_long else read(*args)

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Django's own has a view refer to itself for HEAD, which would keep it and its request
        until a garbage collection."""
        self.request, self.args, self.kwargs = cast("Request", request), args, kwargs

    async def dispatch(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        self.api_request = cast("ApiRequest", request)
        self.request = self.initialize_request(request, *args, **kwargs)
        try:
            handler = self._handler()
            await self._admit()
            if request.method in self.ends_with_client:
                self.api_request.incoming.watch()
            if self.reads_body and request.method not in WITHOUT_BODY:
                body = await self.api_request.load_body()
                if len(body) >= LONG_BYTES:
                    await self._read_aside(body)
            return rendered(await handler(self.request, *args, **kwargs))
        except (ClientGoneError, asyncio.CancelledError):
            raise
        except Exception as exc:  # noqa: BLE001 - the boundary: every failure becomes an answer
            return self._failed(exc)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        made = Request(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=NEGOTIATOR,
            parser_context={},
        )
        # The context refers to the request and the view; this reference cycle would keep both until
        # a garbage collection. The JSON parser does not need it.
        made.parser_context.clear()
        return made

    async def _read_aside(self, body: bytes) -> None:
        """Parse a long ``body`` in one go, where that delays no other request."""
        if media_type_matches(JsonParser.media_type, self.api_request.content_type or ""):
            self._payload = await read_aside(JsonParser.parsed, body)

    def _handler(self) -> Any:
        method = (self.api_request.method or "").lower()
        name = "get" if method == "head" else method
        handler = getattr(self, name, None) if method in self.http_method_names else None
        if handler is None:
            raise MethodNotAllowedError(self.request.method or "", self.methods())
        return handler

    async def _admit(self) -> None:
        """Authenticate, permit, throttle: each may wait without blocking others."""
        request = self.request
        for authenticator in request.authenticators or ():
            answer: Any = authenticator.authenticate(request)
            self.caller, self.credential = request.user, request.auth = await answer
            break
        for permission in self.get_permissions():
            allowed: Any = permission.has_permission(request, self)
            if allowed is not True and not (
                await allowed if asyncio.iscoroutine(allowed) else allowed
            ):
                # DRF's permission_denied() would authenticate again, without `await`.
                raise exceptions.PermissionDenied(getattr(permission, "message", None))
        for throttle in self.get_throttles():
            admitted: Any = throttle.allow_request(request, self)
            if not (await admitted if asyncio.iscoroutine(admitted) else admitted):
                self.throttled(request, throttle.wait() or 0)

    def _failed(self, exc: Exception) -> HttpResponseBase:
        error = to_api_error(exc)
        if error is None:
            request_id = self.api_request.request_id
            logger.error("Unhandled error", exc_info=exc, extra={"request_id": request_id})
            error = ApiError("The gateway failed to answer. Quote the request id when reporting.")
        return self.error_response(error)

    def error_response(self, error: ApiError) -> HttpResponseBase:
        """The answer that tells of ``error``; a surface with another form of it overrides this."""
        return ErrorResponse(error)
