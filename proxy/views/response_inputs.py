"""What is asked about the input of a response: how long it is, and for a shorter one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from http import HTTPStatus

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from connections.call import Call
from connections.calling.client import UpstreamResponse
from models_registry.registry import active
from models_registry.targets import Target
from proxy.answering.dispatched import Dispatched
from proxy.answering.routing import route
from proxy.answering.whole import read_answer
from proxy.client_side.errors import ApiError, InvalidRequestError
from proxy.client_side.rendering import JsonResponse
from proxy.client_side.response_headers import passed_on
from proxy.references.chosen_ids import check_no_chosen_id
from proxy.references.ownership import permitted
from proxy.references.stored_responses import stored_responses
from proxy.views.going_on import GoingOnView
from proxy.views.messages import ESTIMATED_HEADER
from usage.exchange import Exchange
from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.responses.estimate import estimated_input_tokens
from wire_formats.responses.sealed import without_seals

# How upstreams say that they know no such path.
NO_SUCH_PATH = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})


class ResponseInputView(GoingOnView):
    """The base: an upstream may not have the endpoint."""

    async def sent(self, body: JsonObject, model: str, exchange: Exchange) -> Dispatched:
        try:
            return await super().sent(body, model, exchange)
        except (ApiError, UnsendableError) as exc:
            if isinstance(exc, UnsendableError) or is_missing(exc, exchange):
                raise self.missing() from exc
            raise

    def check(self, body: JsonObject) -> None:
        super().check(body)
        check_no_chosen_id(body)

    def call_for(self, target: Target, body: JsonObject) -> Call:
        call = super().call_for(target, body)
        return replace(call, body=without_seals(call.body)[0])

    def missing(self) -> ApiError:
        """The error for an upstream that has no such endpoint."""
        return MissingEndpointError(
            f"The upstream of this model has no `{self.endpoint}`.", param="model"
        )


class MissingEndpointError(InvalidRequestError):
    """The upstream has no such endpoint."""

    code = "unsupported_endpoint"


class CompactView(ResponseInputView):
    """``POST /v1/responses/compact``: a conversation in fewer tokens, as its upstream makes it."""

    endpoint = "responses/compact"

    async def whole(self, dispatched: Dispatched, exchange: Exchange) -> HttpResponseBase:
        note = partial(self.note, dispatched.target)
        body = await read_answer(dispatched, exchange, on_answer=note)
        return JsonResponse(body, headers=passed_on(dispatched.response.headers.raw))

    def note(self, target: Target, made: JsonObject) -> None:
        """Remember what was made as the caller's, who sends it back as input."""
        stored_responses.note_response(made, user_id=self.caller.user_id, target=target)


class InputTokensView(ResponseInputView):
    """``POST /v1/responses/input_tokens``: counted by the upstream, or estimated and said to be."""

    endpoint = "responses/input_tokens"

    async def post(self, request: Request, deployment: str = "") -> HttpResponseBase:
        if self.payload.get("model") is None:  # which OpenAI lets clients leave out
            await self.go_on()
            self.check(self.payload)
            return await self.aside(estimate, self.payload)
        return await super().post(request, deployment)

    async def answer(self, body: JsonObject, model: str, exchange: Exchange) -> HttpResponseBase:
        targets, _ = await route(active(), self.caller, model, endpoint=self.endpoint)
        if self.eligible(targets):
            try:
                return await super().answer(body, model, exchange)
            except MissingEndpointError:
                exchange.error_code = ""
        await permitted(body, targets, self.caller)
        return await self.aside(estimate, body)

    def eligible(self, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """Those that are not to see what filters may keep from them."""
        return tuple(each for each in targets if not (each.filters or each.awaits_filters_of))


def estimate(body: JsonObject) -> HttpResponseBase:
    """The response that tells of an estimate."""
    answer = {
        "object": "response.input_tokens",
        "input_tokens": estimated_input_tokens(body),
    }
    return JsonResponse(answer, headers={ESTIMATED_HEADER: "true"})


def is_missing(error: ApiError, exchange: Exchange) -> bool:
    """Whether the upstream refused a request since it has no such path."""
    answer = exchange.upstream_answer
    if not isinstance(answer, UpstreamResponse):
        return False
    if answer.status == HTTPStatus.NOT_FOUND:  # which may as well be a model, or a response
        return error.param is None and error.code in {None, "not_found"}
    return answer.status in NO_SUCH_PATH
