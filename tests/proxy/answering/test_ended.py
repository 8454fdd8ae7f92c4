from __future__ import annotations

import httpx
import pytest

from connections.auth.base import AuthUnavailableError
from connections.calling.client import UpstreamResponse
from connections.errors import MaybeProcessedError, MidStreamError, NotSentError
from proxy.answering.dispatched import Dispatched
from proxy.answering.ended import SILENT, Ended, ended_by, ended_by_time
from proxy.client_side.errors import ApiError, UpstreamAnswerError, UpstreamTimeoutError
from resilience.outcomes import Kind, Outcome
from tests.support.builders import Chunks, a_target
from wire_formats.errors import UnreadableAnswerError, UnsendableError


@pytest.mark.parametrize(
    ("exc", "kind"),
    [
        (AuthUnavailableError("No credential."), Kind.CANNOT_BE_ASKED),
        (UnsendableError("No form for it."), Kind.CANNOT_BE_ASKED),
        (NotSentError("Refused."), Kind.NOT_SENT),
        (MaybeProcessedError("Reset."), Kind.FAILED),
        (MidStreamError("Broke off."), Kind.FAILED),
        (UpstreamAnswerError("No JSON."), Kind.FAILED),
        (UnreadableAnswerError("No JSON."), Kind.FAILED),
    ],
)
def test_each_failure_has_an_outcome(exc: Exception, kind: Kind) -> None:
    assert ended_by(exc).outcome.kind is kind


def test_what_broke_off_or_was_no_answer_is_told_as_an_error_of_the_api() -> None:
    assert isinstance(ended_by(MidStreamError("Broke off.")).error, UpstreamAnswerError)
    assert isinstance(ended_by(UnreadableAnswerError("No JSON.")).error, ApiError)
    silence = ended_by(MidStreamError("Silent.", is_timeout=True)).error
    assert isinstance(silence, UpstreamTimeoutError)


@pytest.mark.parametrize("is_of_target", [True, False])
def test_a_limit_of_time_may_speak_against_the_target(*, is_of_target: bool) -> None:
    ended = ended_by_time(is_of_target=is_of_target)
    assert isinstance(ended.error, MaybeProcessedError)
    assert (ended.error.message, ended.error.is_timeout) == (SILENT, True)
    assert (ended.outcome.kind, ended.outcome.is_of_target) == (Kind.FAILED, is_of_target)


def test_any_other_exception_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        ended_by(ZeroDivisionError())


async def test_what_could_have_been_the_answer_is_closed() -> None:
    stream = Chunks(b"Hello")
    response = UpstreamResponse(httpx.Response(200, stream=stream))
    answer = Dispatched(target=a_target(), response=response)
    outcome = Outcome(kind=Kind.FAILED)
    await Ended(outcome=outcome, error=ApiError("No."), answer=answer).let_go()
    await Ended(outcome=outcome, error=ApiError("No.")).let_go()
    assert stream.is_closed
