"""OpenAI's Responses, from any upstream that knows them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import aclosing
from functools import partial
from typing import Any, cast

from django.http.response import HttpResponseBase

from models_registry.targets import Target
from proxy.answering.dispatch import Dispatched
from proxy.answering.streamed import relay_answer
from proxy.answering.whole import read_answer
from proxy.client_side.relayed import RelayResponse
from proxy.client_side.rendering import JsonResponse
from proxy.client_side.response_headers import passed_on
from proxy.references.chosen_ids import check_no_chosen_id
from proxy.references.stored_responses import stored_responses
from proxy.views.model_call import ModelCallView
from usage.exchange import Exchange
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.responses.dialect import RESPONSES
from wire_formats.sse import data_of, split_events

# The events that hold all that was made.
COMPLETED, INCOMPLETE = b'"response.completed"', b'"response.incomplete"'


class ResponsesView(ModelCallView):
    """``POST /v1/responses``. A response that goes on from another goes to where that one is."""

    endpoint = "responses"
    is_streamable = True
    dialect = RESPONSES

    def check(self, body: JsonObject) -> None:
        super().check(body)
        check_no_chosen_id(body)

    async def whole(self, dispatched: Dispatched, exchange: Exchange) -> HttpResponseBase:
        note = partial(self.note, dispatched.target)
        body = await read_answer(dispatched, exchange, on_answer=note)
        return JsonResponse(body, headers=passed_on(dispatched.response.headers.raw))

    async def streamed(
        self, dispatched: Dispatched, exchange: Exchange, body: JsonObject
    ) -> HttpResponseBase:
        response = await relay_answer(dispatched, exchange, dialect=RESPONSES)
        events = WatchedEvents(response, partial(self.note, dispatched.target))
        return RelayResponse(events, headers=dict(response.headers))

    def note(self, target: Target, made: JsonObject) -> None:
        """Remember the response as the caller's, with its items.

        Clients send back the items of a response that is not stored, too, and with their ids.
        """
        stored_responses.note_response(made, user_id=self.caller.user_id, target=target)


class WatchedEvents:
    """A stream as it is. The response is handed to ``note`` when it begins and when it ends."""

    def __init__(self, blocks: AsyncIterable[bytes], note: Callable[[JsonObject], None]) -> None:
        self._blocks = blocks
        self._note = note

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        is_noted = False
        async with aclosing(cast("Any", aiter(self._blocks))) as blocks:
            async for block in blocks:
                is_telling = not is_noted or COMPLETED in block or INCOMPLETE in block
                if is_telling and (made := response_in(block)):
                    is_noted = True
                    self._note(made)
                yield block


def response_in(block: bytes) -> JsonObject | None:
    """The response that the last of the events in ``block`` tells of that tell of one."""
    for event in reversed(split_events(block)):
        response = json_object(data_of(event)).get("response")
        if isinstance(response, dict):
            return response
    return None
