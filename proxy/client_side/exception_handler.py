"""Turns each exception into OpenAI's error object."""

from __future__ import annotations

import time
from http import HTTPStatus

from django.core.exceptions import DisallowedHost, SuspiciousOperation, ValidationError
from django.http import Http404
from rest_framework import exceptions

from connections.auth.base import AuthUnavailableError, SignInRequiredError
from connections.errors import StoppingError, UpstreamError
from limits.refusals import LimitError
from proxy.client_side.errors import (
    AnsweredError,
    ApiError,
    InvalidRequestError,
    StoppedError,
    UpstreamAnswerError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from proxy.client_side.limit_errors import limit_error
from proxy.client_side.rendering import JsonResponse
from usage.exchange import StopReason
from wire_formats.errors import UnreadableAnswerError, UnsendableError
from wire_formats.json_cost import TooComplexError
from wire_formats.json_objects import TOO_COMPLEX

# The types OpenAI uses for these; every other status below 500 is an invalid_request_error.
TYPES = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}
CODES = {
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_exceeded",
}


class ErrorResponse(JsonResponse):
    """The answer that tells of an error."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.body(), status=error.status, headers=error.headers)
        self.error = error
        self.error_code = error.code or error.type


def to_api_error(exc: Exception) -> ApiError | None:
    """The error for the client; None for an unexpected failure of the gateway."""
    match exc:
        case ApiError():
            return exc
        case exceptions.APIException():
            return _from_drf(exc)
        case UpstreamError() | TooComplexError() | UnreadableAnswerError():
            return _from_upstream(exc)
        case UnsendableError() | LimitError():
            return _from_request(exc)
        case AuthUnavailableError():
            return _from_strategy(exc)
        case Http404():
            return not_found()
        case DisallowedHost():
            return InvalidRequestError("The Host header is not allowed.", code="invalid_host")
        case ValidationError():
            return InvalidRequestError(" ".join(exc.messages))
        case SuspiciousOperation():
            return InvalidRequestError("The request was refused.")
        case _:
            return None


def not_found() -> ApiError:
    """There is no such path."""
    return AnsweredError(
        "There is no such endpoint.",
        status=HTTPStatus.NOT_FOUND,
        kind="invalid_request_error",
        code="not_found",
    )


def _from_request(exc: UnsendableError | LimitError) -> ApiError:
    if isinstance(exc, LimitError):
        return limit_error(exc, time.time())
    return InvalidRequestError(exc.message, param=exc.param)


def _from_upstream(exc: UpstreamError | TooComplexError | UnreadableAnswerError) -> ApiError:
    if isinstance(exc, TooComplexError):  # a client's JSON is refused where it is read
        return UpstreamAnswerError(TOO_COMPLEX)
    if isinstance(exc, UnreadableAnswerError):
        return UpstreamAnswerError(exc.message)
    if isinstance(exc, StoppingError):
        return StoppedError(StopReason.SHUTTING_DOWN)
    kind = UpstreamTimeoutError if exc.is_timeout else UpstreamUnavailableError
    return kind(exc.message)


def _from_strategy(exc: AuthUnavailableError) -> ApiError:
    if not isinstance(exc, SignInRequiredError):
        return UpstreamUnavailableError(exc.public_message, code=exc.code)
    status = HTTPStatus.UNAUTHORIZED
    return AnsweredError(exc.public_message, status=status, kind=TYPES[status], code=exc.code)


def _from_drf(exc: exceptions.APIException) -> ApiError:
    status = HTTPStatus(exc.status_code)
    fallback = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else None
    return AnsweredError(
        _message(exc),
        status=status,
        kind=fallback or TYPES.get(status, "invalid_request_error"),
        code=CODES.get(status) or _code(exc),
        headers=_headers(exc),
    )


def _message(exc: exceptions.APIException) -> str:
    detail = exc.detail
    if isinstance(detail, dict):
        return "; ".join(f"{field}: {_flat(value)}" for field, value in detail.items())
    return _flat(detail)


def _flat(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _code(exc: exceptions.APIException) -> str | None:
    codes = exc.get_codes()
    return codes if isinstance(codes, str) and codes not in {"error", "parse_error"} else None


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    wait: float | None = getattr(exc, "wait", None)  # Throttled has one
    if wait is not None:
        return {"retry-after": str(max(1, round(wait)))}
    if exc.status_code == HTTPStatus.UNAUTHORIZED:
        return {"www-authenticate": "Bearer"}
    return {}
