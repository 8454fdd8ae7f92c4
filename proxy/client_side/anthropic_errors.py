"""Errors in the envelope that Anthropic's clients expect."""

from __future__ import annotations

import orjson

from proxy.client_side.errors import ApiError
from proxy.client_side.exception_handler import ErrorResponse
from wire_formats.messages.error_types import type_of

PATHS = ("/anthropic", "/v1/messages")


class AnthropicErrorResponse(ErrorResponse):
    """Anthropic's envelope around the same error."""

    def __init__(self, error: ApiError, *, request_id: str) -> None:
        super().__init__(error)
        self.content = orjson.dumps(
            {
                "type": "error",
                "error": {"type": type_of(error.status), "message": error.message},
                "request_id": request_id,
            }
        )
        self["request-id"] = request_id


def error_response(error: ApiError, *, path: str, request_id: str) -> ErrorResponse:
    """The answer that tells of ``error`` where no view is there to say it in its form."""
    if path.startswith(PATHS):
        return AnthropicErrorResponse(error, request_id=request_id)
    return ErrorResponse(error)
