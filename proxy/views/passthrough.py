"""Every other path of an upstream, for superusers, if an operator has allowed it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework import exceptions
from rest_framework.request import Request

from accounts.administration import NEEDS, PASSTHROUGH
from connections.calling.open_connection import OpenConnection
from connections.errors import MidStreamError
from connections.providers.raw import RawAdapter
from models_registry.registry import active
from models_registry.targets import Target
from proxy.answering.demand import demand_of
from proxy.answering.limits import limits
from proxy.answering.shapes import Shape
from proxy.api import ApiView
from proxy.client_side.errors import UpstreamAnswerError
from proxy.client_side.exception_handler import not_found
from proxy.client_side.permissions import MayAdminister
from proxy.client_side.request_headers import passed_upstream
from proxy.client_side.response_headers import STREAMING, passed_on
from proxy.views.upload import passed_through, safe_media_type
from proxy.workers.access import may_still_administer
from wire_formats.sse import MEDIA_TYPE

PASSED_HEADERS = ("openai-beta", "anthropic-version", "anthropic-beta")


class PassthroughView(ApiView):
    """``/openai/passthrough/{connection}/{path}``: a path below the connection's base URL.

    The client chooses neither host nor credential. Access to models and filters do not apply.
    """

    permission_classes = (MayAdminister,)
    administers = PASSTHROUGH

    async def get(self, request: Request, connection: str, path: str) -> HttpResponseBase:
        return await self.ask("GET", connection, path)

    async def post(self, request: Request, connection: str, path: str) -> HttpResponseBase:
        return await self.ask("POST", connection, path)

    async def ask(self, method: str, connection: str, path: str) -> HttpResponseBase:
        """The connection's response to ``method`` at ``path``."""
        if self.caller.model_patterns:
            # The gateway cannot tell which models a path is for.
            raise exceptions.PermissionDenied("This key is narrowed to models.")
        found = open_connection(connection)
        body = self.payload if method == "POST" else {}
        exchange = self.accept(
            endpoint="passthrough", model="", is_streamed=body.get("stream") is True
        )
        exchange.still_allowed = partial(may_still_administer, self.credential, NEEDS[PASSTHROUGH])
        call = self.call(
            path,
            "",
            body,
            method=method,
            query=self.request.query_params.urlencode(),
            headers=passed_upstream(self.api_request.META, PASSED_HEADERS),
        )
        raw = replace(found, adapter=RawAdapter(found.upstream))
        target = Target(
            connection=raw, model="", public_id=connection, rendered=b"{}", is_aside=True
        )
        options = active().snapshot.options
        dispatched = await self.dispatched(
            self.candidates("", [target], lambda _: call, options, partial(demand_of, path, body)),
            exchange,
            shape=Shape.ANYTHING,
        )
        headers = passed_on(dispatched.response.headers.raw)
        media_type = dispatched.response.headers.get("content-type", "")
        if media_type.startswith(MEDIA_TYPE):
            return StreamingHttpResponse(passed_through(dispatched), headers=STREAMING | headers)
        try:
            content = await dispatched.response.read(limits().whole_bytes)
        except MidStreamError as exc:
            raise UpstreamAnswerError(exc.message) from exc
        return HttpResponse(content, content_type=safe_media_type(media_type), headers=headers)


def open_connection(name: str) -> OpenConnection:
    """The connection called ``name``. Raises ``ApiError`` where there is none, or none may be."""
    for connection in active().snapshot.connections if settings.GATEWAY_PASSTHROUGH else ():
        if connection.upstream.name == name:
            return connection
    raise not_found()
