"""Anthropic's form of errors and request ids, for each of its endpoints."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from proxy.api import ApiView
from proxy.client_side.anthropic_errors import AnthropicErrorResponse
from proxy.client_side.errors import ApiError


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
