"""An upstream's error for the client: its own message if that is safe, ours if not."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from proxy.client_side.errors import AnsweredError, ApiError, UpstreamAnswerError
from proxy.client_side.response_headers import retry_headers
from wire_formats.json_types import JsonObject
from wire_formats.provider_errors import ProviderError, error_in_body, read_error

# Statuses that speak of the client's request, and so are the client's to know.
ABOUT_THE_REQUEST = frozenset({400, 404, 409, 413, 415, 422, 429})
# The upstream refuses the gateway's own credential; the client's is fine.
ABOUT_THE_CREDENTIAL = frozenset({401, 403})
SAFE_SERVER_STATUSES = {503: 503, 504: 504, 529: 503}


def error_from_response(
    status: int, headers: Mapping[str, str], body: bytes, *, secrets: frozenset[str]
) -> ApiError:
    """The error for a response that is not a success."""
    return _error(status, headers, error_in_body(body).without(secrets))


def error_from_object(error: Any, *, secrets: frozenset[str]) -> ApiError:
    """The error for an error object in an answer that began as a success."""
    told = read_error(error).without(secrets)
    if told.status in ABOUT_THE_REQUEST | ABOUT_THE_CREDENTIAL:
        return _error(told.status, {}, told)
    message = told.message or "The upstream reported an error."
    return UpstreamAnswerError(message, code="upstream_error")


def error_in(answer: JsonObject, *, secrets: frozenset[str]) -> ApiError | None:
    """The error that a whole ``answer`` is, if it is one. A response tells itself how it failed."""
    if not answer.get("error") or answer.get("object") == "response":
        return None
    return error_from_object(answer["error"], secrets=secrets)


def _error(status: int, headers: Mapping[str, str], told: ProviderError) -> ApiError:
    if status in ABOUT_THE_CREDENTIAL:
        return AnsweredError(
            "The upstream refused the gateway's credentials. An administrator must fix them.",
            status=HTTPStatus.BAD_GATEWAY,
            kind="upstream_error",
            code="upstream_auth_failed",
        )
    retry = retry_headers(headers)
    if status not in ABOUT_THE_REQUEST:
        return AnsweredError(
            f"The upstream failed with status {status}.",
            status=SAFE_SERVER_STATUSES.get(status, HTTPStatus.BAD_GATEWAY),
            kind="upstream_error",
            code="upstream_error",
            headers=retry,
        )
    code = "provider_rate_limited" if status == HTTPStatus.TOO_MANY_REQUESTS else None
    return AnsweredError(
        told.message or f"The upstream answered with status {status}.",
        status=status,
        kind=told.type or "invalid_request_error",
        param=told.param or None,
        code=code or told.code or None,
        headers=retry,
    )
