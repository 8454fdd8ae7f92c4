"""``GET /v1/audio/voices``: what some upstreams tell of the voices they have."""

from __future__ import annotations

from dataclasses import replace

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from models_registry.registry import active
from proxy.answering.routing import check_model_id, route
from proxy.answering.whole import read_answer
from proxy.api import ApiView
from proxy.client_side.errors import InvalidRequestError
from proxy.client_side.rendering import JsonResponse

ENDPOINT = "audio/voices"


class VoicesView(ApiView):
    """Asked of the upstream that serves ``?model=``."""

    async def get(self, request: Request) -> HttpResponseBase:
        model = request.query_params.get("model", "")
        if not model:
            raise InvalidRequestError("`model` is missing from the query.", param="model")
        check_model_id(model)
        exchange = self.accept(endpoint=ENDPOINT, model=model, is_streamed=False)
        targets, options = await route(active(), self.caller, model)
        candidates = self.candidates(
            model,
            [replace(target, is_aside=True) for target in targets],
            lambda target: self.call(ENDPOINT, target.model, {}, method="GET"),
            options,
        )
        dispatched = await self.dispatched(candidates, exchange)
        return JsonResponse(await read_answer(dispatched, exchange))
