"""Stored responses, asked for again by their owner."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from accounts.caller import Caller
from models_registry.registry import active
from models_registry.snapshot import Snapshot
from models_registry.targets import Target
from proxy.answering.dispatched import Dispatched
from proxy.answering.shapes import Shape
from proxy.answering.streamed import relay_answer
from proxy.answering.whole import read_answer
from proxy.api import ApiView
from proxy.client_side.errors import AnsweredError, ApiDisabledError, ApiError
from proxy.client_side.relayed import RelayResponse
from proxy.client_side.rendering import JsonResponse
from proxy.client_side.request_headers import passed_upstream
from proxy.client_side.response_headers import passed_on
from proxy.conversations.ids import is_own
from proxy.filters.chain import filter_chain_for
from proxy.references.made import is_finished
from proxy.references.ownership import looked_up
from proxy.references.stored_responses import stored_responses
from proxy.references.stored_rows import StoredReference, is_id
from proxy.views.own_responses import (
    first_event,
    own_cancelled,
    own_deleted,
    own_input_items,
    own_response,
)
from proxy.views.responses import WatchedEvents
from usage.exchange import Exchange
from wire_formats.dialect import Meaning
from wire_formats.json_numbers import load_json
from wire_formats.json_types import JsonObject
from wire_formats.responses.dialect import ResponsesDialect
from wire_formats.token_counts import Tokens

PASSED_HEADERS = ("openai-beta",)
# What may be asked of a stored response. Lists are written as ``name[]`` by OpenAI's clients.
QUERIES = (
    "include",
    "include[]",
    "starting_after",
    "include_obfuscation",
    "limit",
    "order",
    "after",
)


class StoredResponseView(ApiView):
    """The base: a stored response is there for its owner alone; others are told there is none."""

    async def ask(
        self,
        stored: StoredReference,
        *,
        below: str = "",
        method: str = "GET",
        query: str = "",
        is_streamed: bool = False,
        is_response: bool = False,
    ) -> HttpResponseBase:
        """The connection that keeps the response is asked for it. ``below`` ends the path.

        ``is_response``: the answer is the response itself, whose items are noted as its owner's.
        """
        registry = active()
        target = replace(target_of(stored, registry.snapshot, self.caller), is_aside=True)
        exchange = self.uncounted(f"responses{below}", target.public_id, is_streamed=is_streamed)
        call = self.call(
            f"responses/{segment_of(stored.response_id)}{below}",
            target.model,
            {"stream": True} if is_streamed else {},
            method=method,
            query=query,
            headers=passed_upstream(self.api_request.META, PASSED_HEADERS),
        )
        if is_streamed:
            self.api_request.outgoing.expect_stream(STORED_RESPONSES)
        dispatched = await self.dispatched(
            self.candidates("", [target], lambda _: call, registry.snapshot.options),
            exchange,
            shape=Shape.ANYTHING,  # a failure in it is that of the response, made long ago
        )
        if is_streamed:
            response = await self.streamed(dispatched, exchange)
        else:
            response = await self.whole(dispatched, exchange, is_response=is_response)
        chain = filter_chain_for("responses", self.caller)
        return response if chain is None else await chain.filtered(response)

    def uncounted(self, endpoint: str, model: str, *, is_streamed: bool) -> Exchange:
        """An exchange of no work: users at their limits may look at what runs, and end it."""
        exchange = self.accept(endpoint=endpoint, model=model, is_streamed=is_streamed)
        exchange.requests = 0
        return exchange

    async def streamed(self, dispatched: Dispatched, exchange: Exchange) -> HttpResponseBase:
        """The events of the response, from the one that was asked for."""
        relayed = await relay_answer(dispatched, exchange, dialect=STORED_RESPONSES)
        events = WatchedEvents(relayed, partial(self.note, dispatched.target))
        return RelayResponse(events, headers=dict(relayed.headers))

    async def whole(
        self, dispatched: Dispatched, exchange: Exchange, *, is_response: bool
    ) -> HttpResponseBase:
        """The upstream's JSON. Its usage was counted when the response was made."""
        body = await read_answer(dispatched, exchange, take_usage=leave_usage)
        exchange.error_code = ""  # a failure was counted then, too
        if is_response:
            await self.note(dispatched.target, load_json(body))
        return JsonResponse(body, headers=passed_on(dispatched.response.headers.raw))

    async def note(self, target: Target, made: JsonObject) -> None:
        """Remember the items of a response that was made in the background."""
        if is_finished(made):
            stored_responses.note_response(made, user_id=self.caller.user_id, target=target)


class ResponseDetailView(StoredResponseView):
    """``GET`` and ``DELETE /v1/responses/{id}``"""

    async def get(self, request: Request, response_id: str) -> HttpResponseBase:
        is_streamed = request.query_params.get("stream", "").lower() == "true"
        if is_own(response_id):
            first = first_event(request.query_params) if is_streamed else None
            return await own_response(self.caller, response_id, first=first)
        query = passed_query(request) + ("&stream=true" if is_streamed else "")
        stored = await find_stored(self.caller, response_id)
        return await self.ask(
            stored, query=query.lstrip("&"), is_streamed=is_streamed, is_response=True
        )

    async def delete(self, request: Request, response_id: str) -> HttpResponseBase:
        if is_own(response_id):
            return await own_deleted(self.caller, response_id)
        stored = await find_stored(self.caller, response_id)
        response = await self.ask(stored, method="DELETE")
        await stored_responses.forget(stored)
        return response


class CancelResponseView(StoredResponseView):
    """``POST /v1/responses/{id}/cancel``: ends one that is made in the background."""

    reads_body = False

    async def post(self, request: Request, response_id: str) -> HttpResponseBase:
        if is_own(response_id):
            return await own_cancelled(self.caller, response_id)
        stored = await find_stored(self.caller, response_id)
        return await self.ask(stored, below="/cancel", method="POST", is_response=True)


class InputItemsView(StoredResponseView):
    """``GET /v1/responses/{id}/input_items``"""

    async def get(self, request: Request, response_id: str) -> HttpResponseBase:
        if is_own(response_id):
            return await own_input_items(self.caller, response_id, request.query_params)
        stored = await find_stored(self.caller, response_id)
        return await self.ask(stored, below="/input_items", query=passed_query(request))


def passed_query(request: Request) -> str:
    """The part of the query that goes upstream."""
    asked = {name: request.query_params.getlist(name) for name in QUERIES}
    return urlencode(asked, doseq=True)


class StoredResponsesDialect(ResponsesDialect):
    """The events of a stored response, whose tokens and failure were counted when it was made."""

    def meaning_of(self, event: bytes, tokens: Tokens) -> Meaning:
        return replace(super().meaning_of(event, Tokens()), code="")


STORED_RESPONSES = StoredResponsesDialect()


def leave_usage(usage: Any, tokens: Tokens) -> None:
    """The tokens were counted when the response was made."""


async def find_stored(caller: Caller, response_id: str) -> StoredReference:
    """The response, if it is the caller's. Raises ``ApiError``."""
    stored = (await looked_up(caller, {response_id})).get(response_id)
    if stored is None:
        raise unknown_response(response_id)
    return stored


def target_of(stored: StoredReference, snapshot: Snapshot, caller: Caller) -> Target:
    """Where the response is stored, if the caller may still use its model there."""
    if not snapshot.options.enable_openai_api:
        raise ApiDisabledError("The API is switched off by an administrator.")
    target = snapshot.view(caller).way_to((stored.connection_id, stored.model))
    if target is None:
        raise unknown_response(stored.response_id)
    return target


def segment_of(response_id: str) -> str:
    """``response_id`` as one segment of a path. Raises ``ApiError`` for what could leave it."""
    if not is_id(response_id):
        raise unknown_response(response_id)
    return quote(response_id, safe="=:")


def unknown_response(response_id: str) -> ApiError:
    return AnsweredError(
        f"Response with id '{response_id[:200]}' not found.",
        status=HTTPStatus.NOT_FOUND,
        kind="invalid_request_error",
        code="response_not_found",
    )
