"""An upstream's error for the client: its own message if that is safe, ours if not."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from connections.errors import MidStreamError
from connections.retry_after import retry_after_seconds
from proxy.client_side.errors import (
    AnsweredError,
    ApiError,
    UpstreamAnswerError,
    UpstreamTimeoutError,
)
from proxy.client_side.response_headers import retry_headers
from resilience.coming_back import googles_delay
from wire_formats.context_overflow import CODE, MAY_BE_OVERFLOW, overflow_in
from wire_formats.error_meanings import is_about_credentials
from wire_formats.errors import WireFormatError
from wire_formats.json_types import JsonObject
from wire_formats.messages.error_types import OVERLOADED
from wire_formats.provider_errors import (
    IDENTIFIER,
    ProviderError,
    error_in_answer,
    read_error,
)

# Statuses that speak of the client's request, and so are the client's to know.
ABOUT_THE_REQUEST = frozenset(
    {400, 402, 403, 404, 408, 409, 410, 412, 413, 415, 416, 422, 424, 425, 429, 451}
)
SAFE_SERVER_STATUSES = {503: 503, 504: 504, 529: 503}
KINDS = {402: "insufficient_quota", 403: "permission_error", 429: "rate_limit_error"}
CODES = {402: "insufficient_quota", 429: "provider_rate_limited"}


def error_from_response(status: int, headers: Mapping[str, str], told: ProviderError) -> ApiError:
    """The error for a response that is not a success and ``told`` of it, without secrets."""
    if error := _of_the_request(status, headers, told):
        return error
    return AnsweredError(
        f"The upstream failed with status {status}.",
        status=SAFE_SERVER_STATUSES.get(status, HTTPStatus.BAD_GATEWAY),
        kind="upstream_error",
        code=_code_of_failure(status),
        headers=retry_headers(headers),
    )


def words_of(status: int, told: ProviderError) -> str:
    """The upstream's own message for the record of an attempt, of what it ``told`` without secrets.

    Empty for what it says of the gateway's credential: it likes to quote a part of that.
    """
    return "" if _is_about_the_credential(status, told) else told.message


def error_from_object(error: Any, *, secrets: frozenset[str]) -> ApiError:
    """The error for an error object in an answer that began as a success."""
    return error_from_told(read_error(error).without(secrets))


def error_in(answer: JsonObject, *, secrets: frozenset[str]) -> ApiError | None:
    """The error that a whole ``answer`` is, if it is one. A response tells itself how it failed."""
    told = told_in(answer)
    return None if told is None else error_from_told(told.without(secrets))


def told_in(answer: JsonObject) -> ProviderError | None:
    """What a whole ``answer`` tells in place of one, as the provider wrote it."""
    choices = answer.get("choices")
    if choices and isinstance(choices, list):
        match choices[0]:
            case {"finish_reason": "error", "error": dict(error)}:  # OpenRouter
                return read_error(error)
    if not answer.get("error") or answer.get("object") == "response":
        return None
    return error_in_answer(answer)


def error_from_told(told: ProviderError) -> ApiError:
    """The error for what was ``told``, without secrets, in an answer that began as a success."""
    if failure := _of_the_request(told.status, {}, told):
        return failure
    code = _code_of_failure(told.status)
    return AnsweredError(
        told.message or "The upstream reported an error.",
        status=SAFE_SERVER_STATUSES.get(told.status, HTTPStatus.BAD_GATEWAY),
        kind="upstream_error",
        code=told.code if IDENTIFIER.fullmatch(told.code) and code != OVERLOADED else code,
        more=told.more,
    )


def _of_the_request(
    status: int, headers: Mapping[str, str], told: ProviderError
) -> AnsweredError | None:
    """The error that is the client's to know, in the upstream's words; None for a failure."""
    if _is_about_the_credential(status, told):
        return _refused_credential()
    if error := _overflow(status, told):
        return error
    if status not in ABOUT_THE_REQUEST:
        return None
    return AnsweredError(
        told.message or f"The upstream answered with status {status}.",
        status=status,
        kind=told.type or KINDS.get(status, "invalid_request_error"),
        param=told.param or None,
        code=told.code or CODES.get(status),
        headers=_delay(told) | retry_headers(headers),
        more=told.more,
    )


def _overflow(status: int, told: ProviderError) -> AnsweredError | None:
    """The error that OpenAI's clients know, whatever the provider calls it."""
    if status and status not in MAY_BE_OVERFLOW:
        return None
    overflow = overflow_in(told.message, told.code, told.type)
    if overflow is None:
        return None
    return AnsweredError(
        overflow.in_openais_words(told.message),
        status=HTTPStatus.BAD_REQUEST,
        kind="invalid_request_error",
        param=told.param or None,
        code=CODE,
        more=told.more,
    )


def _is_about_the_credential(status: int, told: ProviderError) -> bool:
    """Whether the upstream refuses the gateway's own credential; the client's is fine."""
    if status == HTTPStatus.FORBIDDEN:
        return is_about_credentials(told.message, told.code, told.type)
    return status == HTTPStatus.UNAUTHORIZED


def _refused_credential() -> AnsweredError:
    return AnsweredError(
        "The upstream refused the gateway's credentials. An administrator must fix them.",
        status=HTTPStatus.BAD_GATEWAY,
        kind="upstream_error",
        code="upstream_auth_failed",
    )


def _code_of_failure(status: int) -> str:
    return OVERLOADED if status == 529 else "upstream_error"


def _delay(told: ProviderError) -> dict[str, str]:
    """When to come back, where only the error itself says so."""
    seconds = googles_delay(told)
    whole = None if seconds is None else retry_after_seconds(f"{seconds:f}")
    return {} if whole is None else {"retry-after": str(whole)}


def as_api_error(exc: ApiError | MidStreamError | WireFormatError) -> ApiError:
    """What a client is told of a stream that ended with ``exc``."""
    match exc:
        case ApiError():
            return exc
        case MidStreamError() if exc.is_timeout:
            return UpstreamTimeoutError(exc.message)
        case _:
            return UpstreamAnswerError(exc.message)
