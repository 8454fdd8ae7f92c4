"""The base class of all sockets of the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from channels.consumer import get_handler_name
from channels.generic.websocket import AsyncWebsocketConsumer

from accounts.caller import Caller
from connections.calling.client import Closable, close_all, owned_responses
from proxy.client_side.cancelling import uncancel
from proxy.client_side.scope_extensions import ABORT_EXTENSION, extensions_of
from proxy.websockets.handshake import accepted_subprotocol, admit
from proxy.websockets.inbox import Inbox
from proxy.websockets.open_counts import open_counts
from proxy.workers.access import is_allowed, open_sockets
from usage.ledger import records_written


class ApiSocket(AsyncWebsocketConsumer):
    """A socket that a key opened, and that lives no longer than the key is good.

    Subclasses write ``stop``, for when it is not, and ``let_go``, which runs however the socket
    ends: also when a message to a client that is gone cannot be sent.
    """

    channel_layer_alias = "none"  # no channel layer: responses go straight to the socket
    credential = ""
    opened_by: Caller | None = None
    model = ""  # the one that the socket is for, if it is for one

    _serving: asyncio.Task[Any] | None = None
    _is_waiting = False
    _counted_as = ""
    is_client_gone = False

    def __init__(self) -> None:
        super().__init__()
        self._owned: list[Closable] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._serving = asyncio.current_task()
        owned_responses.set(self._owned)  # which also gets those cancelled while they open
        inbox = Inbox(receive, self._note_leave)
        try:
            await super().__call__(scope, inbox.next, send)
        except asyncio.CancelledError:
            if not self.is_client_gone:
                raise
            uncancel()
        finally:
            inbox.close()
            open_sockets.discard(self)
            if self._counted_as:
                open_counts.leave(self._counted_as)
            try:
                await self.let_go()
            finally:
                await self._close_owned()

    async def dispatch(self, message: Any) -> None:
        """Without Channels' trip to a thread, where it looks after database connections."""
        await getattr(self, get_handler_name(message))(message)

    async def let_in(self) -> Caller:
        """The caller who opened the socket; from now on their access is watched.

        Raises what :func:`proxy.client_side.exception_handler.to_api_error` knows.
        """
        caller = await self.identify()
        self._counted_as = open_counts.enter(caller)
        open_sockets.add(self)  # type: ignore[arg-type]
        return caller

    async def identify(self) -> Caller:
        """The caller of the handshake. Raises as :meth:`let_in`."""
        self.opened_by, self.credential = await admit(self.scope)
        return self.opened_by

    async def welcome(self) -> None:
        """Accept the handshake."""
        await self.accept(accepted_subprotocol(self.scope.get("subprotocols", ())))

    @asynccontextmanager
    async def opening(self) -> AsyncIterator[None]:
        """Closes what was opened within it if the block fails: the socket may try again."""
        known = len(self._owned)
        try:
            yield
        except BaseException:
            await self._close_owned(known)
            raise

    async def _close_owned(self, known: int = 0) -> None:
        opened = self._owned[known:]
        del self._owned[known:]
        await close_all(opened)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Cancels the block when the client disconnects, or by :meth:`interrupt`."""
        if self.is_client_gone:
            raise asyncio.CancelledError
        self._is_waiting = True
        try:
            yield
        finally:
            self._is_waiting = False

    def interrupt(self) -> bool:
        """Cancel what is being waited for. False if nothing is."""
        if self._is_waiting and self._serving is not None:
            self._serving.cancel()
            return True
        return False

    def _note_leave(self) -> None:
        self.is_client_gone = True
        self.interrupt()

    async def is_still_allowed(self) -> bool:
        """Whether the key is good, and for the socket's model."""
        return await is_allowed(self.credential, self.model, caller=self.opened_by)

    def cut(self) -> None:
        """Break the connection at once, since a polite close waits for the client to read."""
        if abort := extensions_of(self.scope).get(ABORT_EXTENSION):
            abort()

    async def close(self, code: Any = None, reason: str | None = None) -> None:
        """Close the socket, once the records of what it asked for outlive the worker."""
        await records_written()
        await super().close(code, reason)

    async def let_go(self) -> None:
        """End whatever the socket has set in motion."""
        raise NotImplementedError
