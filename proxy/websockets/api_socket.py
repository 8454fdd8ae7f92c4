"""What all sockets of the API have in common."""

from __future__ import annotations

from typing import Any

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer

from proxy.access import is_allowed, open_sockets
from proxy.inner_request import extensions_of
from proxy.outgoing import ABORT_EXTENSION
from proxy.websockets.handshake import accepted_subprotocol


class ApiSocket(AsyncWebsocketConsumer):
    """A socket that a key opened, and that lives no longer than the key is good.

    Subclasses write ``stop``, for when it is not, and ``let_go``, which runs however the socket
    ends: also when a message to a client that is gone cannot be sent.
    """

    channel_layer_alias = "none"  # answers go straight to the socket
    credential = ""
    model = ""  # the one that the socket is for, if it is for one

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            open_sockets.discard(self)
            await self.let_go()

    async def dispatch(self, message: Any) -> None:
        """Without Channels' trip to a thread, where it looks after database connections."""
        await getattr(self, get_handler_name(message))(message)

    async def welcome(self) -> None:
        """Accept the handshake."""
        await self.accept(accepted_subprotocol(self.scope.get("subprotocols", ())))
        open_sockets.add(self)  # type: ignore[arg-type]

    async def is_still_allowed(self) -> bool:
        """Whether the key is good, and for the socket's model."""
        return await is_allowed(self.credential, self.model)

    def cut(self) -> None:
        """Break the connection at once, since a polite close waits for the client to read."""
        if abort := extensions_of(self.scope).get(ABORT_EXTENSION):
            abort()

    async def let_go(self) -> None:
        """End whatever the socket has set in motion."""
        raise NotImplementedError
