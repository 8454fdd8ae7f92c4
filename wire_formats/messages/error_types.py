"""Anthropic's types of errors, and the statuses of HTTP that they have.

https://docs.anthropic.com/en/api/errors
"""

from __future__ import annotations

from typing import Any

TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}
STATUSES = {kind: status for status, kind in TYPES.items()}


def type_of(status: int) -> str:
    """The type of an error with ``status``."""
    fallback = "api_error" if status >= 500 else "invalid_request_error"
    return TYPES.get(status, fallback)


def with_status(error: Any) -> Any:
    """``error`` with its status as the code, where other providers have it."""
    if not isinstance(error, dict):
        return error or "The upstream reported an error."
    return error | {"code": STATUSES.get(str(error.get("type")), error.get("code"))}
