"""Errors in the envelope that Anthropic's clients expect."""

from __future__ import annotations

from proxy.client_side.errors import ApiError
from proxy.client_side.exception_handler import ErrorResponse
from wire_formats.json_numbers import write_json
from wire_formats.messages.error_types import in_anthropics_words, status_of

PATHS = ("/anthropic", "/v1/messages")


class AnthropicErrorResponse(ErrorResponse):
    """Anthropic's envelope around the same error."""

    def __init__(self, error: ApiError, *, request_id: str) -> None:
        super().__init__(error)
        self.status_code = status_of(error)
        told = {"type": "error", "error": in_anthropics_words(error), "request_id": request_id}
        self.content = write_json(told)
        self["request-id"] = request_id


def error_response(error: ApiError, *, path: str, request_id: str) -> ErrorResponse:
    """The answer that tells of ``error`` where no view is there to say it in its form."""
    if path.startswith(PATHS):
        return AnthropicErrorResponse(error, request_id=request_id)
    return ErrorResponse(error)
