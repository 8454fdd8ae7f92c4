"""The request that produces an answer whether or not anybody listens."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from proxy.client_side.api_request import ApiRequest
from proxy.client_side.errors import ApiError
from proxy.client_side.inner_request import HeaderFields, InnerRequest
from proxy.client_side.scope_extensions import ABORT_EXTENSION, REQUEST_ID_EXTENSION
from proxy.resumable.recording import Recording
from wire_formats.sse import MEDIA_TYPE, data_of, encoded_event, split_events

# Every answer has these of its own.
OWN_HEADERS = frozenset(
    {"cache-control", "content-length", "x-content-type-options", "x-request-id"}
)


@dataclass(slots=True, kw_only=True)
class Answer:
    """The response: an event stream, kept in the recording, or a whole ``body``."""

    status: int
    headers: dict[str, str]
    body: bytes = field(default=b"", repr=False)

    @property
    def is_stream(self) -> bool:
        return self.headers.get("content-type", "").startswith(MEDIA_TYPE)


class RecordedRequest(InnerRequest):
    """Made again from ``request``, under its id, and answered into ``recording``."""

    def __init__(self, request: ApiRequest, recording: Recording) -> None:
        super().__init__(
            request.scope,
            path=request.scope["path"],
            headers=request.scope["headers"],
            body=request.body,
            extensions={
                REQUEST_ID_EXTENSION: request.request_id,
                ABORT_EXTENSION: self.hang_up,  # only this stream ends, not the client's connection
            },
        )
        self._recording = recording
        self._answer: Answer | None = None
        self._has_ended = False
        self._is_known = asyncio.Event()

    async def answer(self) -> Answer:
        """The answer, as soon as it is known to be a stream, or else when it is whole."""
        await self._is_known.wait()
        if self._answer is None:
            raise ApiError("The gateway failed to answer.")
        return self._answer

    def conclude(self) -> None:
        """Close the recording, which never ends without a word."""
        if not self._has_ended:
            self._recording.add(encoded_event(ApiError("The answer broke off.").body()))
        self._recording.complete()
        self._is_known.set()

    async def begin(self, status: int, headers: HeaderFields) -> None:
        fields = {name.decode(): value.decode("latin-1") for name, value in headers}
        kept = {name: value for name, value in fields.items() if name not in OWN_HEADERS}
        self._answer = Answer(status=status, headers=kept)
        if self._answer.is_stream:
            self._is_known.set()

    async def part(self, body: bytes, *, is_last: bool) -> None:
        answer = self._answer
        if answer is not None and answer.is_stream:
            for event in split_events(body):
                if data_of(event):  # not comments, which only keep a connection open
                    self._recording.add(event)
        elif answer is not None:
            answer.body += body
        self._has_ended = is_last
        if is_last:
            self._is_known.set()
