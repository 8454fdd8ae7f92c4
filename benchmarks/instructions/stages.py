"""The stages of a chat: each begins where a function is called for the first time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from typing import Any

from benchmarks.instructions.marks import Marks

SERVER = "server: read and parsed"
ANSWER = "upstream: the response parsed"
# The function that begins each stage, in the order in which a chat comes to them.
STAGES = (
    ("handler, request, host, path", "proxy.client_side.handler:ApiHandler.__call__"),
    ("view", "proxy.client_side.async_view:AsyncView.dispatch"),
    ("authentication", "accounts.authentication:ApiKeyAuthentication.authenticate"),
    ("body", "proxy.client_side.api_request:ApiRequest.load_body"),
    ("JSON and checks", "proxy.views.completions:ChatCompletionsView.post"),
    ("account opened", "proxy.api:ApiView.accept"),
    ("model, route, targets", "proxy.views.model_call:ModelCallView.sent"),
    ("limits admitted, headers", "proxy.api:dispatch"),
    ("walk", "proxy.answering.dispatch:Walk"),
    ("attempt, call", "proxy.answering.attempting:Asking.attempt"),
    ("adapter, httpx request, signed", "connections.calling.open_connection:OpenConnection.send"),
    ("client", "connections.calling.client:UpstreamClient.send"),
    (
        "transport: sent",
        "connections.transport.aiohttp_transport:AiohttpTransport.handle_async_request",
    ),
    (ANSWER, ""),
    ("answer read, attempt settled", "connections.calling.client:UpstreamResponse.__init__"),
    ("response made", "proxy.views.model_call:ModelCallView.whole"),
    ("headers on", "proxy.client_side.handler:ApiHandler.answer"),
    ("record, journal, log", "usage.in_flight:InFlight.close"),
    ("limits settled", "limits.admission.reserving:Reserving.settle"),
    ("written, closed", "proxy.client_side.outgoing:Outgoing.whole"),
)


class Watch:
    """Marks the first call of each stage's function within a chat."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._seen: set[str] = set()

    def install(self) -> None:
        """Stand in the way of all those functions, for good."""
        for name, place in STAGES:
            if place:
                owner, attribute = found(place)
                setattr(owner, attribute, self.watched(name, getattr(owner, attribute)))

    def restart(self) -> None:
        """A chat begins."""
        self._seen.clear()
        self.begin(SERVER)

    def begin(self, name: str) -> None:
        if name not in self._seen:
            self._seen.add(name)
            self._marks.begin(name)

    def watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            self.begin(name)
            return function(*args, **kwargs)

        return call


def found(place: str) -> tuple[Any, str]:
    """Where ``module:Class.name`` is set, and the name there. Raises ``AttributeError``."""
    module, _, path = place.partition(":")
    *owners, attribute = path.split(".")
    owner: Any = import_module(module)
    for name in owners:
        owner = getattr(owner, name)
    getattr(owner, attribute)
    return owner, attribute
