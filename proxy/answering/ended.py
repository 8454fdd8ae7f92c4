"""An attempt that brought no answer: its outcome, and what a client would be told of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from connections.auth.base import AuthUnavailableError
from connections.errors import (
    MaybeProcessedError,
    MidStreamError,
    TooLargeError,
    UpstreamError,
)
from proxy.answering.dispatched import Dispatched
from proxy.answering.upstream_errors import as_api_error
from proxy.client_side.errors import ApiError
from resilience.outcomes import Kind, Outcome
from resilience.reading import outcome_of_failure
from wire_formats.errors import UnsendableError, WireFormatError
from wire_formats.token_counts import Tokens

# Another provider may know what this one cannot be asked.
NOTHING_WAS_SENT = (AuthUnavailableError, UnsendableError)
# The errors of a response that is none; those of filters come from elsewhere.
FAILURES = (UpstreamError, ApiError, WireFormatError)
SILENT = "The upstream did not answer in time."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """``answer`` is what the client gets where no other attempt follows: it tells of the failure
    in its own form. ``tokens`` are what the upstream told of its use, ``words`` its message without
    secrets, unless that is about the gateway's own credential."""

    outcome: Outcome
    error: Exception
    answer: Dispatched | None = None
    tokens: Tokens | None = None
    words: str = ""

    @property
    def text(self) -> str:
        """How the attempt ended, for its record: by the upstream's words, or else by ours."""
        if self.words:
            return self.words
        error = self.error
        if isinstance(error, AuthUnavailableError):
            return error.public_message
        return str(getattr(error, "message", ""))

    async def let_go(self) -> None:
        """Close the response that could have been the answer."""
        if self.answer is not None:
            await self.answer.response.aclose()


def ended_by_time(*, is_of_target: bool) -> Ended:
    """The end of an attempt that a limit of time cut, as ``TimeLimit`` says."""
    error = MaybeProcessedError(SILENT, is_timeout=True)
    outcome = replace(outcome_of_failure(error), is_of_target=is_of_target)
    return Ended(outcome=outcome, error=error)


def ended_by(exc: Exception) -> Ended:
    """The end of an attempt by one of ``NOTHING_WAS_SENT`` or ``FAILURES``."""
    match exc:
        case AuthUnavailableError() | UnsendableError():
            code = exc.code if isinstance(exc, AuthUnavailableError) else ""
            return Ended(outcome=Outcome(kind=Kind.CANNOT_BE_ASKED, code=code), error=exc)
        case TooLargeError() | ApiError(__cause__=TooLargeError()):
            # The client may have asked for so much: no other try, and no failure of the upstream.
            error = as_api_error(exc)
            return Ended(outcome=Outcome(kind=Kind.STOPPED, code=error.code or ""), error=error)
        case MidStreamError():
            return Ended(outcome=outcome_of_failure(exc), error=as_api_error(exc))
        case UpstreamError():
            return Ended(outcome=outcome_of_failure(exc), error=exc)
        case ApiError() | WireFormatError():
            error = as_api_error(exc)
            return Ended(outcome=Outcome(kind=Kind.FAILED, code=error.code or ""), error=error)
        case _:
            raise exc
