"""The error that helps a client most, once nothing more is tried."""

from __future__ import annotations

import math
from collections.abc import Sequence
from http import HTTPStatus

from proxy.answering.ended import Ended
from proxy.client_side.errors import (
    AllTargetsCoolingError,
    ApiError,
    StoppedError,
    UpstreamUnavailableError,
)
from proxy.client_side.exception_handler import to_api_error
from resilience.outcomes import Kind
from wire_formats.errors import UnsendableError

SHOULD_RETRY = "x-should-retry"
# Where failures differ, the one that tells most about what to do; of the others, the last.
TELLING = (Kind.RATE_LIMITED, Kind.OVERLOADED, Kind.OUT_OF_QUOTA, Kind.KEY_REFUSED)
# About the request itself, which clients do not send again unchanged.
ABOUT_THE_REQUEST = frozenset({Kind.REFUSED, Kind.TOO_LONG, Kind.FILTERED, Kind.MODEL_UNKNOWN})


def error_at_the_end(
    ended: Sequence[Ended], *, available_in: float | None, has_stopped: bool
) -> Exception:
    """The error for a request whose attempts have ``ended`` so.

    ``available_in`` are the seconds until a target can be asked that is limited. ``has_stopped``:
    the last failure forbids another attempt, and so is the one to tell.
    """
    if not ended:
        return _untried(available_in)
    last = ended[-1] if has_stopped else _most_telling(ended)
    if isinstance(last.error, UnsendableError):
        return last.error  # a view may know the place in the client's own request
    error = to_api_error(last.error) or ApiError("The gateway failed to answer.")
    if last.outcome.kind not in ABOUT_THE_REQUEST:
        _advise(error, last, available_in)
    return error


def _most_telling(ended: Sequence[Ended]) -> Ended:
    for kind in TELLING:
        for each in reversed(ended):
            if each.outcome.kind is kind:
                return each
    return ended[-1]


def _untried(available_in: float | None) -> ApiError:
    if available_in is None:
        return UpstreamUnavailableError("No upstream serves this model at the moment.")
    return AllTargetsCoolingError(_whole_seconds(available_in))


def _advise(error: ApiError, last: Ended, available_in: float | None) -> None:
    """Say whether to come back: by itself no client can try what the gateway has not."""
    if isinstance(error, StoppedError):  # it says so itself
        return
    kind = last.outcome.kind
    if kind is Kind.RATE_LIMITED and available_in is not None:
        error.headers.pop("retry-after-ms", None)
        error.headers["retry-after"] = str(_whole_seconds(available_in))
    helps = kind in {Kind.RATE_LIMITED, Kind.OVERLOADED} and "retry-after" in error.headers
    if error.status != HTTPStatus.UNAUTHORIZED:  # the caller's own sign-in
        error.headers[SHOULD_RETRY] = "true" if helps else "false"


def _whole_seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))
