"""The socket of the live view."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from importlib import import_module
from typing import Any, cast

import orjson
from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from accounts.administration import END_REQUEST, NEEDS, WATCH_LIVE
from accounts.sign_in.second_factors import RequireStaffMfa
from proxy.client_side.origin import is_own_origin
from proxy.workers.channel_layer import LAYER_ERRORS
from proxy.workers.live.page import LIVE_SOCKET
from proxy.workers.reports import WATCHERS
from proxy.workers.worker_events import stop_anywhere, watch_anywhere
from usage.exchange import StopReason
from wire_formats.json_numbers import load_json

logger = logging.getLogger(__name__)

WATCH_SECONDS = 2.0
MOST_WATCHERS = 50  # of a worker: each is sent every worker's reports
TRY_AGAIN_LATER = 1013
POLICY_VIOLATION = 1008
MAY_NOT_END = {
    "type": "error",
    "error": {
        "message": "Ending a request needs the permission `proxy.end_request`.",
        "type": "permission_error",
        "param": None,
        "code": "permission_denied",
    },
}


watchers: set[LiveConsumer] = set()


class LiveConsumer(AsyncWebsocketConsumer):
    """Hands the workers' reports to a page, and the page's wishes to the workers.

    It stands behind Channels' middleware for cookies. As these come along with any page's wish for
    a socket, the Origin must be our own.
    """

    _watching: asyncio.Task[None] | None = None
    _username = ""

    async def connect(self) -> None:
        if not is_own_origin(self.scope) or not await self._may(WATCH_LIVE):
            await self.close()
            return
        await self.accept()
        if len(watchers) >= MOST_WATCHERS:
            await self.close(TRY_AGAIN_LATER)
            return
        watchers.add(self)
        try:
            await self.channel_layer.group_add(WATCHERS, self.channel_name)
        except LAYER_ERRORS as exc:
            logger.warning("the live view cannot listen: %s", exc)
            await self.close(TRY_AGAIN_LATER)
            return
        self._watching = asyncio.create_task(self._watch())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            # A send to a client that has gone may fail before `disconnect` is called.
            watchers.discard(self)
            if self._watching is not None:
                self._watching.cancel()

    async def disconnect(self, code: int) -> None:
        if self._watching is not None:
            with suppress(*LAYER_ERRORS):  # memberships expire
                await self.channel_layer.group_discard(WATCHERS, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        request_id = _request_to_end(text_data or "")
        if not request_id:
            return
        if await self._may(END_REQUEST):
            logger.info("%s ends the request %s", self._username, request_id)
            await stop_anywhere(request_id, StopReason.ENDED_BY_STAFF)
        else:
            await self.send(
                text_data=orjson.dumps(MAY_NOT_END | {"request_id": request_id}).decode()
            )

    async def live_report(self, message: dict[str, Any]) -> None:
        """A worker's report, from the channel layer."""
        await self.send(text_data=orjson.dumps(message).decode())

    async def _watch(self) -> None:
        """Keep the workers reporting for as long as the page's user may see it."""
        while await self._may(WATCH_LIVE):
            await watch_anywhere()
            await asyncio.sleep(WATCH_SECONDS)
        await self.close(POLICY_VIOLATION)

    async def _may(self, endpoint: str) -> bool:
        """Whether the admin would let them in at this moment, and to ``endpoint``: signed in, staff
        with its permissions, and with a second factor where that is asked for."""
        session_key = self.scope["cookies"].get(settings.SESSION_COOKIE_NAME)
        session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
        request = HttpRequest()
        request.path = f"/{LIVE_SOCKET}"
        request.session = session
        request.user = cast("Any", await get_user(cast("Any", {"session": session})))
        self._username = request.user.get_username()
        return await database_sync_to_async(_may_enter)(request, NEEDS[endpoint])


def _may_enter(request: HttpRequest, permissions: tuple[str, ...]) -> bool:
    lacks_a_factor = RequireStaffMfa(lambda _request: HttpResponse()).lacks_a_factor
    if settings.GATEWAY_REQUIRE_STAFF_MFA and lacks_a_factor(request):
        return False
    return bool(admin.site.has_permission(request)) and request.user.has_perms(permissions)


def _request_to_end(text: str) -> str:
    """The id in ``{"type": "end", "request_id": …}``; empty for anything else."""
    try:
        message: Any = load_json(text.encode())
    except orjson.JSONDecodeError:
        return ""
    match message:
        case {"type": "end", "request_id": str(request_id)}:
            return request_id[:100]
    return ""
