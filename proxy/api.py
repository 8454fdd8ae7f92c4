"""The base of every API view: who asks, the account of the request, and the calls upstream."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Unpack

from accounts.authentication import ApiKeyAuthentication
from accounts.keys import censored
from connections.call import Call
from connections.configuration.options import Options
from limits.demand import Demand, nothing
from models_registry.registry import active
from models_registry.targets import Target
from proxy.answering.candidates import Candidates, Further
from proxy.answering.dispatch import dispatch
from proxy.answering.dispatched import Dispatched
from proxy.client_side.async_view import AsyncView
from proxy.client_side.cookies import forwardable_cookies
from proxy.client_side.errors import StoppedError
from proxy.client_side.origin import is_foreign
from proxy.client_side.permissions import MayInfer
from proxy.client_side.scope_extensions import SURFACE_EXTENSION, extensions_of
from proxy.workers.access import is_allowed
from resilience.affinity import affinity_key
from resilience.route import Strategy
from usage.exchange import Exchange, StopReason, Surface
from usage.in_flight import in_flight
from wire_formats.json_types import JsonObject


class ApiView(AsyncView):
    """What a view needs to know of its caller, and to ask upstreams for them."""

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes: Any = (MayInfer,)
    administers = ""  # a key of accounts.administration.NEEDS

    @property
    def cookies(self) -> str:
        """The caller's cookies, as far as an upstream may see them, and not of a foreign page."""
        sent: str = self.api_request.META.get("HTTP_COOKIE", "")
        if not sent or is_foreign(self.api_request.scope):
            return ""
        return forwardable_cookies(sent)

    def accept(
        self,
        *,
        endpoint: str,
        model: str,
        is_streamed: bool,
        surface: Surface = Surface.OPENAI,
    ) -> Exchange:
        """Begin the account of a request that is well-formed; its handler closes it.

        Raises ``StoppedError`` when the worker began to shut down while the request came in.
        """
        if not in_flight.is_accepting:
            raise StoppedError(StopReason.SHUTTING_DOWN)
        request = self.api_request
        exchange = Exchange(
            request_id=request.request_id,
            caller=self.caller,
            endpoint=endpoint,
            model=censored(model),
            is_streamed=is_streamed,
            surface=extensions_of(request.scope).get(SURFACE_EXTENSION, surface),
            client_request_id=censored(request.META.get("HTTP_X_CLIENT_REQUEST_ID", "")[:100]),
            bytes_received=int(request.META.get("CONTENT_LENGTH") or 0),
        )
        exchange.on_stop = request.stop
        exchange.still_allowed = partial(is_allowed, self.credential, model, caller=self.caller)
        request.exchange = exchange
        in_flight.open(exchange)
        return exchange

    def call(self, endpoint: str, model: str, body: JsonObject, **more: Any) -> Call:
        """The caller's call of ``model``, which is the upstream's own name."""
        return Call(
            endpoint=endpoint,
            model=model,
            body=body,
            caller=self.caller,
            request_id=self.api_request.request_id,
            credential=self.credential,
            cookies=self.cookies,
            hops=self.api_request.META.get("HTTP_X_GATEWAY_HOPS", ""),
            is_long=self.is_long,
            **more,
        )

    def candidates(
        self,
        model: str,
        targets: Sequence[Target],
        call_for: Callable[[Target], Call],
        options: Options,
        demand: Callable[[], Demand] = nothing,
    ) -> Candidates:
        """``targets``, which may serve ``model`` to the caller, and how the model's route says to
        try them."""
        return Candidates(
            targets=targets,
            call_for=call_for,
            route=active().snapshot.route_of(model),
            forward_user_info=options.forward_user_info_headers,
            demand=demand,
        )

    def dispatched(
        self, candidates: Candidates, exchange: Exchange, **more: Unpack[Further]
    ) -> Coroutine[Any, Any, Dispatched]:
        """The answer of the first of ``candidates`` that has one."""
        affinity = b""
        if candidates.route.strategy is Strategy.AFFINITY:
            body = self.payload if self.reads_body else {}
            affinity = affinity_key(self.api_request.headers, body, exchange.bytes_received)
        return dispatch(
            active().client,
            candidates,
            exchange=exchange,
            is_long=self.is_long,
            affinity=affinity,
            **more,
        )
