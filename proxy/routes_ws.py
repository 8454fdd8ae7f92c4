"""The API's WebSocket routes."""

from __future__ import annotations

from typing import Any, cast

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.sessions import CookieMiddleware
from django.urls import re_path

from proxy.client_side.exception_handler import not_found
from proxy.client_side.inner_request import Application
from proxy.websockets.chat_socket import ChatConsumer
from proxy.websockets.handshake import refuse
from proxy.websockets.upstream_sockets import RealtimeConsumer, ResponsesConsumer
from proxy.workers.live.consumer import LiveConsumer
from proxy.workers.live.page import LIVE_SOCKET

# As over HTTP, a base URL may or may not end in /v1 and may begin with /openai.
BASE = r"^/*(?:openai/+)?(?:v1/+)?"


class UnknownPathConsumer(AsyncWebsocketConsumer):
    """Refuses the handshake."""

    channel_layer_alias = "none"

    async def connect(self) -> None:
        await refuse(self.scope, self.base_send, not_found())


def websocket_routes(application: Application) -> list[Any]:
    """``application`` is the API, which the requests on a socket are made to."""
    return [
        _route(f"{BASE}chat/completions/?$", ChatConsumer.as_asgi(application=application)),
        _route(f"{BASE}realtime/?$", RealtimeConsumer.as_asgi()),
        _route(f"{BASE}responses/?$", ResponsesConsumer.as_asgi(application=application)),
        _route(f"^{LIVE_SOCKET}$", CookieMiddleware(LiveConsumer.as_asgi())),
        _route("", UnknownPathConsumer.as_asgi()),
    ]


def _route(path: str, consumer: Any) -> Any:
    return re_path(path, cast("Any", consumer))  # Django's types expect a view
