"""Running the filters that ``GATEWAY_FILTERS`` names around one request."""

from __future__ import annotations

import logging
import re
from functools import cache
from typing import Any

from django.conf import settings
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from accounts.caller import Caller
from proxy.answering.streamed import ChangedEvents
from proxy.client_side.errors import ApiError, InvalidRequestError
from proxy.client_side.relayed import RelayResponse
from proxy.client_side.rendering import JsonResponse
from wire_formats.json_numbers import read_json, write_json
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.sse import DONE_MARK, data_of, encoded_event

logger = logging.getLogger(__name__)

EVENT_NAME = re.compile(rb"^event: ?([^\r\n]*)", re.MULTILINE)


class FilterRejected(Exception):  # noqa: N818 - what a filter says, not what went wrong
    """Raised by a filter that refuses a request or an answer. The client reads the message."""


class FilterFailedError(ApiError):
    """A filter failed, so nothing passes: the filter may be there to protect."""

    code = "filter_failed"


@cache
def filter_classes() -> tuple[type, ...]:
    """The classes of ``GATEWAY_FILTERS``, in order. Raises ``ImportError``."""
    return tuple(import_string(path) for path in settings.GATEWAY_FILTERS)


def filter_chain_for(endpoint: str, caller: Caller) -> FilterChain | None:
    """New filters for one request; None if no filter is configured."""
    classes = filter_classes()
    return FilterChain([made(endpoint) for made in classes], caller) if classes else None


class FilterChain:
    """Requests pass the filters in order, answers in reverse. Every method raises ``ApiError``."""

    def __init__(self, filters: list[Any], caller: Caller) -> None:
        self._caller = caller
        self._inlets = [each.inlet for each in filters if hasattr(each, "inlet")]
        self._outlets = [each.outlet for each in reversed(filters) if hasattr(each, "outlet")]
        self._streams = [each.stream for each in reversed(filters) if hasattr(each, "stream")]

    async def inlet(self, body: JsonObject) -> JsonObject:
        """The request as the filters leave it."""
        for step in self._inlets:
            body = _one(await self._run(step, body), step)
        return body

    async def filtered(self, response: HttpResponseBase) -> HttpResponseBase:
        """``response`` with what the client reads of it as the filters leave it."""
        if isinstance(response, RelayResponse):
            return self._filtered_stream(response) if self._streams else response
        if isinstance(response, JsonResponse) and self._outlets:
            response.content = write_json(await self.outlet(read_json(response.content)))
        return response

    def _filtered_stream(self, response: RelayResponse) -> RelayResponse:
        return RelayResponse(ChangedEvents(response, self.event), headers=dict(response.headers))

    async def outlet(self, answer: JsonObject) -> JsonObject:
        """A whole answer as the filters leave it."""
        for step in self._outlets:
            answer = _one(await self._run(step, answer), step)
        return answer

    async def event(self, event: bytes) -> bytes:
        """One event of a stream, filtered; comments and ``[DONE]`` pass unchanged."""
        data = data_of(event)
        if not data or data.startswith(DONE_MARK):
            return event
        parsed = json_object(data)
        objects = [parsed] if parsed else []  # filters cannot look into other values
        for step in self._streams:
            objects = [kept for each in objects for kept in _any(await self._run(step, each), step)]
        named = EVENT_NAME.search(event)
        name = named[1].decode() if named else ""
        return b"".join(encoded_event(each, name=name) for each in objects)

    async def _run(self, step: Any, subject: JsonObject) -> Any:
        try:
            return await step(subject, self._caller)
        except FilterRejected as exc:
            raise InvalidRequestError(str(exc), code="rejected_by_filter") from exc
        except Exception as exc:  # whatever it is, nothing may pass a broken filter
            logger.exception("The filter %s failed", step.__qualname__)
            raise FilterFailedError("A filter of the gateway failed.") from exc


def _one(result: Any, step: Any) -> JsonObject:
    if isinstance(result, dict):
        return result
    logger.error("The filter %s returned no object", step.__qualname__)
    raise FilterFailedError("A filter of the gateway failed.")


def _any(result: Any, step: Any) -> list[JsonObject]:
    """None drops an event."""
    return [] if result is None else [_one(result, step)]
