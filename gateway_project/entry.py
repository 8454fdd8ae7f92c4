"""The way in: the API to its own handler, everything else to Django's, WebSockets to Channels."""

from __future__ import annotations

from typing import Any

from channels.routing import URLRouter
from django.core.asgi import get_asgi_application

from gateway_project.api_requests import is_for_api
from gateway_project.health import HEALTH_PATHS, answer_health
from gateway_project.lifespan import Lifespan
from gateway_project.metrics import METRICS_PATH, answer_metrics
from gateway_project.pages import PageHandler
from gateway_project.public_side import PublicSide, with_whole_path
from gateway_project.waiting import refuse, waiting
from proxy.client_side.handler import ApiHandler
from proxy.routes_ws import websocket_routes

page_application = PageHandler(get_asgi_application())
api_application = ApiHandler()
websocket_application = URLRouter(websocket_routes(api_application))
lifespan = Lifespan()
public_side = PublicSide.of_settings()


async def application(scope: Any, receive: Any, send: Any) -> None:
    match scope["type"]:
        case "http":
            scope = public_side.scope(scope)
            path: str = scope["path"]
            if path in HEALTH_PATHS:
                await answer_health(scope, receive, send)
            elif waiting.reason:
                await refuse(scope, receive, send)
            elif path == METRICS_PATH:
                await answer_metrics(scope, receive, send)
            elif is_for_api(scope):
                await api_application(scope, receive, send)
            else:
                await page_application(with_whole_path(scope), receive, send)
        case "websocket":
            scope = with_whole_path(public_side.scope(scope))
            answering = refuse if waiting.reason else websocket_application
            await answering(scope, receive, send)
        case "lifespan":
            await lifespan(scope, receive, send)
