"""What is Anthropic's about an answer, whatever the endpoint."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from proxy.api import ApiView
from proxy.client_side.errors import ApiError
from proxy.client_side.exception_handler import ErrorResponse
from wire_formats.messages.dialect import anthropic_type

PATHS = ("/anthropic", "/v1/messages")


class AnthropicErrorResponse(ErrorResponse):
    """Anthropic's envelope around the same error."""

    def __init__(self, error: ApiError, *, request_id: str) -> None:
        super().__init__(error)
        self.content = orjson.dumps(
            {
                "type": "error",
                "error": {"type": anthropic_type(error.status), "message": error.message},
                "request_id": request_id,
            }
        )
        self["request-id"] = request_id


def error_response(error: ApiError, *, path: str, request_id: str) -> ErrorResponse:
    """The answer that tells of ``error`` where no view is there to say it in its form."""
    if path.startswith(PATHS):
        return AnthropicErrorResponse(error, request_id=request_id)
    return ErrorResponse(error)


class AnthropicSurface(ApiView):
    """Errors in Anthropic's form, and the request's id under the name its clients look for."""

    @property
    def is_anthropic(self) -> bool:
        """Whether this request is of that surface."""
        return True

    def error_response(self, error: ApiError) -> HttpResponseBase:
        if not self.is_anthropic:
            return super().error_response(error)
        return AnthropicErrorResponse(error, request_id=self.api_request.request_id)

    async def dispatch(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        response = await super().dispatch(request, *args, **kwargs)
        if self.is_anthropic:
            response["request-id"] = self.api_request.request_id
        return response
