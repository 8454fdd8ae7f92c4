"""Errors in Anthropic's words, and the statuses of HTTP that its types have.

https://docs.anthropic.com/en/api/errors
"""

from __future__ import annotations

from typing import Any

from wire_formats.context_overflow import CODE, overflow_in
from wire_formats.dialect import DescribedError
from wire_formats.json_types import JsonObject

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
STATUSES = {kind: status for status, kind in TYPES.items()}
OVERLOADED = "upstream_overloaded"  # the code of an error for Anthropic's own 529


def type_of(status: int) -> str:
    """The type of an error with ``status``."""
    fallback = "api_error" if status >= 500 else "invalid_request_error"
    return TYPES.get(status, fallback)


def status_of(error: DescribedError) -> int:
    """The status that Anthropic has for ``error``: 529, which OpenAI does not know, among them."""
    return STATUSES["overloaded_error"] if error.code == OVERLOADED else error.status


def in_anthropics_words(error: DescribedError) -> JsonObject:
    """The object under ``error`` in an answer or an event that tells of ``error``.

    ``details`` are passed on, by which Anthropic's own clients tell errors apart.
    """
    told: JsonObject = {"type": type_of(error.status), "message": error.message}
    if error.code == CODE and (overflow := overflow_in(error.message, CODE)):
        told["message"] = overflow.in_anthropics_words(error.message)
    details = error.details or error.body()["error"].get("details")
    return told | {"details": details} if isinstance(details, dict) else told


def with_status(error: Any) -> Any:
    """``error`` with its status as the code, where other providers have it."""
    if not isinstance(error, dict):
        return error or "The upstream reported an error."
    return error | {"code": STATUSES.get(str(error.get("type")), error.get("code"))}
