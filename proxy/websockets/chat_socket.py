"""Chats over a WebSocket: one message is one request, and several may be under way."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from django.conf import settings

from accounts.authentication import CREDENTIAL_HEADERS
from proxy.client_side.errors import AnsweredError, ApiError, InvalidRequestError
from proxy.client_side.exception_handler import to_api_error
from proxy.client_side.inner_request import Application
from proxy.client_side.origin import is_foreign
from proxy.websockets.api_socket import ApiSocket
from proxy.websockets.chat_messages import ChatMessage, message_of, read_chat_message
from proxy.websockets.chat_request import ChatRequest
from proxy.websockets.handshake import refuse
from proxy.websockets.message_rate import MessageRate
from usage.exchange import StopReason

FAREWELL_SECONDS = 1.0
POLICY_VIOLATION = 1008


class ChatConsumer(ApiSocket):
    """``application`` is the API, which answers each request as it answers one of HTTP.

    Only the socket is dealt with here: who opened it, what may come over it, and that nothing
    outlives it.
    """

    def __init__(self, application: Application) -> None:
        super().__init__()
        self._application = application
        self._requests: dict[str, ChatRequest] = {}
        self._tasks: dict[asyncio.Task[None], ChatRequest] = {}
        self._leaving: asyncio.Task[None] | None = None
        self._rate = MessageRate(settings.GATEWAY_WS_MESSAGES_PER_SECOND)

    async def connect(self) -> None:
        try:
            await self.let_in()
        except Exception as exc:
            error = to_api_error(exc)
            if error is None:
                raise
            await refuse(self.scope, self.base_send, error)
            return
        # All other headers go with each chat, as an HTTP client would repeat them.
        left_out = (
            (*CREDENTIAL_HEADERS, b"cookie") if is_foreign(self.scope) else CREDENTIAL_HEADERS
        )
        fields = [field for field in self.scope["headers"] if field[0] not in left_out]
        self._headers = [*fields, (b"authorization", f"Bearer {self.credential}".encode())]
        await self.welcome()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            self._take(await self._read(text_data))
        except ApiError as exc:
            await self.send(text_data=message_of(None, exc))

    async def let_go(self) -> None:
        """Stop the running requests: the client is gone."""
        for request in self._tasks.values():
            request.hang_up()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop(self, reason: StopReason) -> None:
        """Close the socket once its requests, which are stopped too, have said their last words.

        Asked twice, cut it: the client does not read.
        """
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._leave(reason))
        else:
            self.cut()

    async def _leave(self, reason: StopReason) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=FAREWELL_SECONDS)
        with suppress(OSError):  # the client left first
            await self.close(POLICY_VIOLATION, reason.value)

    async def _read(self, text: str | None) -> ChatMessage:
        if not self._rate.admits():
            raise too_many("Messages come too fast. Send them more slowly.")
        if text is None:
            raise InvalidRequestError("Messages must be text frames, not binary frames.")
        return await read_chat_message(text)

    def _take(self, message: ChatMessage) -> None:
        running = self._requests.get(message.request_id)
        is_running = running is not None and not running.has_ended
        if message.is_cancel:
            if running is not None:  # else it has just ended
                running.cancel()
        elif is_running:
            raise InvalidRequestError(
                "A request with this `request_id` is still running.", param="request_id"
            )
        elif (
            sum(not it.has_ended for it in self._requests.values())
            >= settings.GATEWAY_WS_MAX_REQUESTS
        ):
            raise too_many("Too many requests are under way on this connection.")
        else:
            self._start(message)

    def _start(self, message: ChatMessage) -> None:
        request = ChatRequest(
            self.scope,
            headers=self._headers,
            body=message.body,
            request_id=message.request_id,
            say=self._say,
        )
        self._requests[message.request_id] = request
        task = asyncio.create_task(self._answer(request))
        self._tasks[task] = request
        task.add_done_callback(self._tasks.pop)

    async def _answer(self, request: ChatRequest) -> None:
        try:
            await request.run(self._application)
            await request.conclude()
        except OSError:
            request.hang_up()  # the client has left: `disconnect` follows
        finally:
            if self._requests.get(request.request_id) is request:  # else its id is used again
                del self._requests[request.request_id]

    async def _say(self, message: str) -> None:
        await self.send(text_data=message)


def too_many(text: str) -> AnsweredError:
    """The answer to a client that asks for more than one connection may carry."""
    return AnsweredError(text, status=429, kind="rate_limit_error", code="rate_limit_exceeded")
