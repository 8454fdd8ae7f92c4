"""Reading what an upstream did into the outcome of an attempt.

Names in an error count before its status where they say more: a 429 with ``insufficient_quota`` is
no limit that passes, and a 500 with ``overloaded_error`` has surely generated nothing. What a
client can provoke by its request alone must not keep others from a key or a target.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from connections.errors import NotSentError, StoppingError, UpstreamError
from connections.hops import is_loop
from resilience import error_words as words
from resilience.coming_back import seconds_asked_for
from resilience.outcomes import Kind, Outcome
from wire_formats.context_overflow import MAY_BE_OVERFLOW, is_overflow
from wire_formats.provider_errors import IDENTIFIER, ProviderError

# Statuses under which providers tell of a filter, of a model, and of what an account lacks.
MAY_BE_FILTER = frozenset({400, 403, 422, 451})
MAY_BE_MODEL = frozenset({400, 403, 404})
MAY_BE_QUOTA = frozenset({400, 403, 429})
MAY_BE_TOO_MUCH = frozenset({402, 403, 429})
OVERLOADED = frozenset({503, 529})
UNKNOWN = 500  # what an error counts as that says neither a status nor a known word
TIMED_OUT = "upstream_timeout"


def outcome_of_response(
    status: int,
    headers: Mapping[str, str],
    told: ProviderError,
    *,
    model: str = "",
    now: float | None = None,
) -> Outcome:
    """The outcome of a response with ``status`` whose body ``told`` of an error, or nothing.

    ``headers`` are looked up by names in lower case. ``told`` has no secrets any more. ``model`` is
    the one that was asked, by the upstream's name: an error about another one does not count
    against it. ``now`` is seconds since the epoch.
    """
    if is_loop(status, headers):
        return Outcome(kind=Kind.LED_BACK, status=status)
    if status == HTTPStatus.SWITCHING_PROTOCOLS or 200 <= status < 300:
        return Outcome(kind=Kind.SUCCESS, status=status)
    return _failed(status, headers, told, model, now)


def outcome_of_told(told: ProviderError, *, model: str = "") -> Outcome:
    """The outcome of an error within a response that began as a success: an event, or all of it.

    ``model`` is the one that was asked.
    """
    return _failed(told.status or _status_of_name(told), {}, told, model, None)


def outcome_of_failure(exc: UpstreamError) -> Outcome:
    """The outcome of an attempt that ended without a response, or before its first content."""
    if isinstance(exc, StoppingError):
        return Outcome(kind=Kind.STOPPED)
    code = TIMED_OUT if exc.is_timeout else ""
    if isinstance(exc, NotSentError):
        return Outcome(kind=Kind.NOT_SENT, code=code)
    return Outcome(kind=Kind.FAILED, code=code)


def _failed(
    status: int, headers: Mapping[str, str], told: ProviderError, model: str, now: float | None
) -> Outcome:
    is_limit = status == HTTPStatus.TOO_MANY_REQUESTS
    retry_after = seconds_asked_for(headers, told, is_limit=is_limit, now=now)
    kind = _kind(status, told, says_when=retry_after is not None)
    if kind is Kind.MODEL_UNKNOWN and model and words.is_of_another_model(told, model):
        kind = Kind.CANNOT_BE_ASKED
    return Outcome(
        kind=kind,
        status=status,
        code=next(filter(IDENTIFIER.fullmatch, (told.code, told.type)), ""),
        retry_after=retry_after if kind in {Kind.RATE_LIMITED, Kind.OVERLOADED} else None,
        is_of_target=kind is not Kind.RATE_LIMITED or not words.is_of_end_user(told),
    )


def _kind(status: int, told: ProviderError, *, says_when: bool) -> Kind:
    match status:
        case HTTPStatus.UNAUTHORIZED:
            is_of_key = not (words.lacks_scope(told) or words.is_of_end_user(told))
            return Kind.KEY_REFUSED if is_of_key else Kind.CANNOT_BE_ASKED
        case _ if status in MAY_BE_TOO_MUCH and words.is_too_much(told):
            return Kind.CANNOT_BE_ASKED
        case HTTPStatus.PAYMENT_REQUIRED:
            return Kind.OUT_OF_QUOTA
        case _ if status in MAY_BE_QUOTA and _is_out_of_quota(status, told, says_when=says_when):
            return Kind.OUT_OF_QUOTA
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Kind.RATE_LIMITED
        case _ if status in OVERLOADED:
            return Kind.OVERLOADED
        case _ if status in MAY_BE_OVERFLOW and is_overflow(told.message, told.code, told.type):
            return Kind.TOO_LONG
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status < HTTPStatus.BAD_REQUEST:
            is_overloaded = not words.OVERLOAD_NAMES.isdisjoint(words.names_of(told))
            return Kind.OVERLOADED if is_overloaded else Kind.FAILED
        case _:
            return _kind_of_refusal(status, told)


def _is_out_of_quota(status: int, told: ProviderError, *, says_when: bool) -> bool:
    is_limit = status == HTTPStatus.TOO_MANY_REQUESTS
    return words.is_out_of_quota(told, is_limit=is_limit, says_when=says_when)


def _kind_of_refusal(status: int, told: ProviderError) -> Kind:
    if status in MAY_BE_FILTER and words.is_filtered(told):
        return Kind.FILTERED
    if status in MAY_BE_MODEL and words.is_model_unknown(told):
        return Kind.MODEL_UNKNOWN
    if status == HTTPStatus.FORBIDDEN:
        # Another upstream may well serve what this one forbids, and nothing was generated.
        return Kind.KEY_REFUSED if words.is_key_forbidden(told) else Kind.CANNOT_BE_ASKED
    if status == HTTPStatus.BAD_REQUEST and words.is_key_invalid(told):
        return Kind.KEY_REFUSED
    return Kind.REFUSED


def _status_of_name(told: ProviderError) -> int:
    """The status that the names of an error without one stand for, beyond those known to all."""
    names = words.names_of(told)
    if not words.QUOTA_NAMES.isdisjoint(names) or not words.LIMIT_NAMES.isdisjoint(names):
        return HTTPStatus.TOO_MANY_REQUESTS
    if not words.OVERLOAD_NAMES.isdisjoint(names):
        return HTTPStatus.SERVICE_UNAVAILABLE
    if not words.FILTER_NAMES.isdisjoint(names) or not words.MODEL_NAMES.isdisjoint(names):
        return HTTPStatus.BAD_REQUEST
    return UNKNOWN
