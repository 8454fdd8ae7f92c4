"""Responses that the gateway keeps itself, asked for again by their owner. No upstream is asked.

Each function raises ``ApiError`` for a response that is not the caller's, as for one that is not.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from django.http.response import HttpResponseBase

from accounts.caller import Caller
from proxy.client_side.errors import InvalidRequestError
from proxy.client_side.relayed import RelayResponse
from proxy.client_side.rendering import JsonResponse
from proxy.client_side.response_headers import STREAMING
from proxy.conversations.responses import own_responses
from proxy.filters.chain import filter_chain_for
from proxy.views.item_pages import asked_page, page_among
from wire_formats.json_types import JsonObject
from wire_formats.responses.whole_as_stream import response_events

LONGEST_NUMBER = 9  # digits


async def own_response(
    caller: Caller, response_id: str, *, first: int | None = None
) -> HttpResponseBase:
    """The response; where there is a ``first``, its events from the one of that number."""
    kept = await own_responses.find(caller.user_id, response_id)
    if first is None:
        return await _filtered(caller, JsonResponse(kept.response))
    events = _events(kept.response, first)
    return await _filtered(caller, RelayResponse(events, headers=dict(STREAMING)))


async def own_deleted(caller: Caller, response_id: str) -> HttpResponseBase:
    await own_responses.forget(caller.user_id, response_id)
    return JsonResponse({"id": response_id, "object": "response", "deleted": True})


async def own_cancelled(caller: Caller, response_id: str) -> HttpResponseBase:
    """Refused: only what is made in the background can be cancelled, and nothing is here."""
    await own_responses.find(caller.user_id, response_id)
    raise InvalidRequestError("Cannot cancel a synchronous response.")


async def own_input_items(
    caller: Caller, response_id: str, query: Mapping[str, str]
) -> HttpResponseBase:
    """A page of the items that the response's request brought along."""
    asked = asked_page(query)
    kept = await own_responses.find(caller.user_id, response_id)
    return await _filtered(caller, JsonResponse(page_among(kept.input, asked)))


def first_event(query: Mapping[str, str]) -> int:
    """The number of the event behind ``starting_after``. Raises ``InvalidRequestError``."""
    after = query.get("starting_after")
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit() and len(after) <= LONGEST_NUMBER):
        raise InvalidRequestError(
            "`starting_after` must be the number of an event.", param="starting_after"
        )
    return int(after) + 1


async def _events(response: JsonObject, first: int) -> AsyncGenerator[bytes]:
    yield response_events(response, first=first)


async def _filtered(caller: Caller, response: HttpResponseBase) -> HttpResponseBase:
    """What the client reads passes the filters, as it did when it was made."""
    chain = filter_chain_for("responses", caller)
    return response if chain is None else await chain.filtered(response)
