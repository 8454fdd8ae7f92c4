"""``GET /v1/audio/voices``: what some upstreams tell of the voices they have."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from connections.call import Call
from models_registry.registry import active
from proxy.answering.dispatch import dispatch
from proxy.answering.routing import check_model_id, route
from proxy.answering.whole import read_answer
from proxy.api import ApiView
from proxy.client_side.errors import InvalidRequestError
from proxy.client_side.rendering import JsonResponse


class VoicesView(ApiView):
    """Asked of the upstream that serves ``?model=``."""

    async def get(self, request: Request) -> HttpResponseBase:
        model = request.query_params.get("model", "")
        if not model:
            raise InvalidRequestError("Name the model whose voices you want.", param="model")
        check_model_id(model)
        exchange = self.accept(endpoint="audio/voices", model=model, is_streamed=False)
        targets, options = await route(active(), self.caller, model)
        dispatched = await dispatch(
            active().client,
            targets,
            lambda target: Call(
                endpoint="audio/voices",
                method="GET",
                model=target.model,
                body={},
                caller=self.caller,
                request_id=self.api_request.request_id,
                credential=self.credential,
                cookies=self.cookies,
            ),
            exchange=exchange,
            forward_user_info=options.forward_user_info_headers,
        )
        return JsonResponse(await read_answer(dispatched, exchange))
