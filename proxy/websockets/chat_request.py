"""One of the requests on a WebSocket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from proxy.client_side.errors import ApiError, StoppedError, UpstreamAnswerError
from proxy.client_side.inner_request import HeaderFields, InnerRequest
from proxy.client_side.scope_extensions import SURFACE_EXTENSION
from proxy.websockets.chat_messages import chunk_message, done_message, error_message
from usage.exchange import StopReason, Surface
from wire_formats.json_objects import json_object
from wire_formats.sse import DONE_MARK, MEDIA_TYPE, data_of, split_events

PATH = "/v1/chat/completions"
OK = 200


class ChatRequest(InnerRequest):
    """Asks the API, and has ``say`` tell the client of the answer, message by message.

    While ``say`` waits for the client to read, the upstream is not read either.
    """

    def __init__(
        self,
        outer: Any,
        *,
        headers: HeaderFields,
        body: bytes,
        request_id: str,
        say: Callable[[str], Awaitable[None]],
    ) -> None:
        super().__init__(
            outer,
            path=PATH,
            headers=headers,
            body=body,
            extensions={SURFACE_EXTENSION: Surface.WEBSOCKET},
        )
        self.request_id = request_id
        self._say = say
        self._status = 0
        self._is_stream = False
        self._whole: list[bytes] = []
        self._gateway_request_id = ""
        self._last_message = ""  # said once the account is written, which a stream's end waits for
        self.has_ended = False  # the client has been told
        self.is_cancelled = False

    def cancel(self) -> None:
        """End the request as its client wishes."""
        self.is_cancelled = True
        self.hang_up()

    async def begin(self, status: int, headers: HeaderFields) -> None:
        fields = dict(headers)
        self._status = status
        self._is_stream = fields[b"content-type"].startswith(MEDIA_TYPE.encode())
        self._gateway_request_id = fields[b"x-request-id"].decode()

    async def part(self, body: bytes, *, is_last: bool) -> None:
        if self._is_stream:
            for event in split_events(body):
                await self._event(data_of(event))
            if is_last and self._last_message:
                await self._end(self._last_message)
            return
        self._whole.append(body)
        if is_last:
            await self._answer(b"".join(self._whole))

    async def _event(self, data: bytes) -> None:
        if not data or self._last_message:  # a comment only keeps an HTTP connection open
            return
        if data.startswith(DONE_MARK):
            self._last_message = done_message(self.request_id, self._gateway_request_id)
            return
        chunk = json_object(data)
        if chunk.get("error"):
            self._last_message = self._error(chunk["error"])
        elif chunk:
            await self._say(chunk_message(self.request_id, data))
        else:  # bytes that do not fit into a message
            error = UpstreamAnswerError("The upstream sent an event that is not a JSON object.")
            self._last_message = self._error(error.body()["error"])
            self.hang_up()

    async def _answer(self, body: bytes) -> None:
        if self._status != OK:
            await self._end(self._error(orjson.loads(body)["error"]))
            return
        await self._say(chunk_message(self.request_id, body))
        await self._end(done_message(self.request_id, self._gateway_request_id))

    async def conclude(self) -> None:
        """Say why there is no more, if the answer did not come to its end by itself."""
        if self.has_ended:
            return
        if not self._last_message:
            if self.is_cancelled:
                error: ApiError = StoppedError(StopReason.CANCELLED)
            else:
                error = ApiError("The gateway failed to answer.")
            self._last_message = self._error(error.body()["error"], status=int(error.status))
        await self._end(self._last_message)

    def _error(self, error: Any, *, status: int | None = None) -> str:
        return error_message(
            self.request_id,
            error,
            status=status or self._status,
            gateway_request_id=self._gateway_request_id,
        )

    async def _end(self, message: str) -> None:
        self.has_ended = True
        await self._say(message)
