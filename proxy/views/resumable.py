"""Streams that can be resumed: begun by a header, read on and ended under their request's id."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from proxy.api import ApiView
from proxy.client_side.errors import AnsweredError, InvalidRequestError, StoppedError
from proxy.client_side.relayed import RelayResponse
from proxy.client_side.rendering import JsonResponse
from proxy.client_side.response_headers import STREAMING
from proxy.references.ownership import owner_name
from proxy.resumable import readers
from proxy.resumable.recordings import Source, recordings
from proxy.views.model_call import ModelCallView
from proxy.workers.worker_events import stop_anywhere
from usage.exchange import StopReason
from usage.in_flight import in_flight
from wire_formats.chat.dialect import CHAT

HEADER = "x-gateway-resumable"
LONGEST_NUMBER = 12  # digits


class ResumableCallView(ModelCallView):
    """With the header ``x-gateway-resumable: true`` the answer goes on without its client.

    Streams of a key that is set so need no header; ``false`` is for those that are not to. A stream
    at a cap is answered as without the header, and its answer says ``false``.
    """

    async def post(self, request: Request, deployment: str = "") -> HttpResponseBase:
        is_stream = self.payload.get("stream") is True
        wish = self.wish_to_resume()
        if wish and not is_stream:
            raise InvalidRequestError(
                "`stream` must be true: only streams can be resumed.", param="stream"
            )
        if not (is_stream if wish is None and self.caller.is_resumable else wish):
            return await super().post(request, deployment)
        started = await recordings.start(self.api_request, self.caller)
        if started is None:
            response = await super().post(request, deployment)
            response.headers[HEADER] = "false"
            return response
        recorded, recording = started
        outgoing = self.api_request.outgoing
        outgoing.expect_stream(self.dialect)
        try:
            answer = await recorded.answer()
        except asyncio.CancelledError:
            if not outgoing.has_begun:  # the client does not know the id to come back with
                recorded.hang_up()
            raise
        headers = answer.headers | {HEADER: "true"}
        if answer.is_stream:
            readers.join(self.api_request)
            return RelayResponse(recording.after(0), headers=headers)
        return HttpResponse(answer.body, status=answer.status, headers=answer.headers)

    def wish_to_resume(self) -> bool | None:
        """The value of the header; None without the header."""
        value: str = self.api_request.META.get("HTTP_X_GATEWAY_RESUMABLE", "").strip().lower()
        if value not in {"", "true", "false"}:
            raise InvalidRequestError(f"The header {HEADER} must be true or false.", param=HEADER)
        return value == "true" if value else None


class ResumedStreamView(ApiView):
    """``GET`` sends the events after ``starting_after``, ``DELETE`` ends the request."""

    ends_with_client = frozenset({"GET"})  # not DELETE, which a page may send as it is closed

    async def get(self, request: Request, request_id: str) -> HttpResponseBase:
        number = starting_after(request)
        source = await self.source(request_id)
        if not in_flight.is_accepting:  # any more
            raise StoppedError(StopReason.SHUTTING_DOWN)
        readers.join(self.api_request, owner_name(self.caller))
        self.api_request.outgoing.expect_stream(CHAT)
        return RelayResponse(source.after(number), headers=STREAMING)

    async def delete(self, request: Request, request_id: str) -> HttpResponseBase:
        await self.source(request_id)
        if not await stop_anywhere(request_id, StopReason.CANCELLED):
            raise AnsweredError(
                "The worker of this stream cannot be reached. Try again.",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                kind="server_error",
                code="resumable_unavailable",
            )
        return JsonResponse(
            {"id": request_id, "object": "chat.completion.stream", "cancelled": True}
        )

    async def source(self, request_id: str) -> Source:
        """The place of the stream. Unknown ids and streams of other keys raise the same error."""
        source = await recordings.find(request_id, self.caller)
        if source is None:
            raise AnsweredError(
                "There is no such stream, or it is no longer kept.",
                status=HTTPStatus.NOT_FOUND,
                kind="invalid_request_error",
                code="stream_not_found",
            )
        return source


def starting_after(request: Request) -> int:
    """The number of the last event that the client has; 0 for none."""
    text = request.query_params.get("starting_after", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise InvalidRequestError(
            "`starting_after` must be the number of an event.", param="starting_after"
        )
    return int(text)
