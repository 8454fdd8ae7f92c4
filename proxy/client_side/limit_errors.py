"""The answers to requests that a limit refuses.

The message has the limit's label. Its numbers are told of what is the caller's own; what others
share, or used, is nobody else's to know.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from math import ceil

from limits.choices import ROLLING, Metric, Window
from limits.marks import SEPARATOR
from limits.reading.words import amount_in_words
from limits.refusals import (
    LimitError,
    LimitReachedError,
    LimitsUnavailableError,
    NeverFitsError,
    UnpricedModelError,
    UntoldUseError,
)
from limits.rule import Rule
from limits.windows import FOREVER, span_of
from proxy.client_side.errors import AnsweredError, ApiError

SOON_SECONDS = 60.0  # SDKs wait no longer, whatever they are told
OUTAGE_SECONDS = 2
RATE_EXCEEDED, QUOTA_USED_UP = "rate_limit_exceeded", "insufficient_quota"
INVALID = "invalid_request_error"
# OpenAI's types of 429 are the names of what is limited.
RATE_TYPES = {
    Metric.REQUESTS: "requests",
    Metric.CONCURRENCY: "requests",
    Metric.TOKENS: "tokens",
    Metric.INPUT_TOKENS: "tokens",
    Metric.OUTPUT_TOKENS: "tokens",
}
Headers = dict[str, str]


def limit_error(error: LimitError, now: float) -> ApiError:
    """``error`` for its client. ``now`` is in seconds since the epoch."""
    match error:
        case LimitReachedError() if error.is_claimed:
            return _claimed(error, now)
        case LimitReachedError() if error.rule.window in {Window.NONE, *ROLLING}:
            return _rate_exceeded(error, now)
        case LimitReachedError():
            return _quota_used_up(error, now)
        case NeverFitsError():
            return _too_much_at_once(error, now)
        case UnpricedModelError():
            return AnsweredError(
                f"The limit `{error.rule.label}` is of money, and this model has no price.",
                status=HTTPStatus.BAD_REQUEST,
                kind=INVALID,
                param="model",
                code="unpriced_model",
            )
        case UntoldUseError():
            return AnsweredError(
                f"The limit `{error.rule.label}` counts output, and nobody tells that of a "
                "response in the background. Leave `background` out.",
                status=HTTPStatus.BAD_REQUEST,
                kind=INVALID,
                param="background",
                code="background_not_counted",
            )
        case LimitsUnavailableError():
            return AnsweredError(
                f"The use of the limit `{error.rule.label}` cannot be read at the moment. Try "
                f"again in {OUTAGE_SECONDS} seconds.",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                kind="server_error",
                code="limits_unavailable",
                headers=retry_headers(OUTAGE_SECONDS),
            )
        case _:
            raise NotImplementedError(type(error).__name__)


def retry_headers(seconds: float | None) -> Headers:
    """When to try again, rounded up; whether SDKs should, who wait for no more than a minute."""
    if seconds is None:
        return {"x-should-retry": "true"}
    return {
        "retry-after": str(max(ceil(seconds), 1)),
        "retry-after-ms": str(max(ceil(seconds * 1000), 1)),
        "x-should-retry": "true" if seconds <= SOON_SECONDS else "false",
    }


def _rate_exceeded(error: LimitReachedError, now: float) -> ApiError:
    seconds = error.retry_seconds
    when = "when a request has ended" if seconds is None else f"in {_seconds(seconds)}"
    return _refusal(
        f"{_named(error, now)} is reached. Try again {when}.",
        kind=RATE_TYPES.get(error.rule.metric, "rate_limit_error"),
        code=RATE_EXCEEDED,
        headers=retry_headers(seconds),
    )


def _claimed(error: LimitReachedError, now: float) -> ApiError:
    return _refusal(
        f"Requests that run now may use all that is left of {_lower(_named(error, now))}. Try "
        "again when one has ended.",
        kind=RATE_TYPES.get(error.rule.metric, "rate_limit_error"),
        code=RATE_EXCEEDED,
        headers=retry_headers(error.retry_seconds),
    )


def _quota_used_up(error: LimitReachedError, now: float) -> ApiError:
    end = _end_of(error, now)
    until, headers = "", {}
    if end < FOREVER:
        until = f" until {datetime.fromtimestamp(end, error.rule.zone).isoformat()}"
        headers = retry_headers(end - now)
    return _refusal(
        f"{_named(error, now)} is used up{until}.",
        kind=QUOTA_USED_UP,
        code=QUOTA_USED_UP,
        headers=headers | {"x-should-retry": "false"},
    )


def _too_much_at_once(error: NeverFitsError, now: float) -> ApiError:
    named = _lower(_named(error, now))
    return AnsweredError(
        f"The request alone may use more than all of {named}. Shorten its input, or have it ask "
        "for less output.",
        status=HTTPStatus.BAD_REQUEST,
        kind=INVALID,
        code="request_exceeds_limit",
    )


def _refusal(message: str, *, kind: str, code: str, headers: Headers) -> ApiError:
    refusal = AnsweredError(
        message, status=HTTPStatus.TOO_MANY_REQUESTS, kind=kind, code=code, headers=headers
    )
    refusal.details = {"error_code": code}  # Anthropic has one type for both
    return refusal


def _named(error: LimitError, now: float) -> str:
    """With the amount that holds now, of which the meter may be one worker's part."""
    rule, reading = error.rule, error.reading
    if error.is_shared:
        return f"The shared limit `{rule.label}`"
    share = "" if reading is None else reading.meter.split(SEPARATOR)[1]
    return f"Your limit `{rule.label}` of {amount_in_words(rule, rule.amount_for(share, now))}"


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _seconds(seconds: float) -> str:
    whole = max(ceil(seconds), 1)
    return "1 second" if whole == 1 else f"{whole} seconds"


def _end_of(error: LimitReachedError, now: float) -> float:
    """When the period ends, as far as the meters know it, or else by the calendar."""
    rule: Rule = error.rule
    if error.retry_seconds is not None and rule.window is not Window.TOTAL:
        return round(now + error.retry_seconds)
    return span_of(rule.window, rule.zone, now).end
