"""The error that is told once nothing more is tried."""

from __future__ import annotations

import pytest

from connections.errors import NotSentError
from proxy.answering.ended import Ended
from proxy.answering.exhausted import error_at_the_end
from proxy.client_side.errors import AnsweredError, ApiError
from resilience.outcomes import Kind, Outcome
from wire_formats.errors import UnsendableError


def ended(kind: Kind, error: Exception | None = None) -> Ended:
    told = error or AnsweredError(kind.value, status=502, kind="upstream_error", code=kind.value)
    return Ended(outcome=Outcome(kind=kind), error=told)


def told(*attempts: Ended, available_in: float | None = None, stops: bool = False) -> ApiError:
    error = error_at_the_end(attempts, available_in=available_in, has_stopped=stops)
    assert isinstance(error, ApiError)
    return error


@pytest.mark.parametrize(
    ("kinds", "chosen"),
    [
        ((Kind.RATE_LIMITED, Kind.NOT_SENT), Kind.RATE_LIMITED),
        ((Kind.KEY_REFUSED, Kind.OUT_OF_QUOTA, Kind.NOT_SENT), Kind.OUT_OF_QUOTA),
        ((Kind.OVERLOADED, Kind.KEY_REFUSED), Kind.OVERLOADED),
        ((Kind.NOT_SENT, Kind.LED_BACK), Kind.LED_BACK),
    ],
)
def test_the_failure_that_says_what_to_do_is_told(kinds: tuple[Kind, ...], chosen: Kind) -> None:
    assert told(*map(ended, kinds)).code == chosen.value


def test_a_failure_that_ends_it_all_is_told() -> None:
    error = told(ended(Kind.RATE_LIMITED), ended(Kind.FAILED), stops=True)
    assert (error.code, error.headers) == ("failed", {"x-should-retry": "false"})


def test_waiting_is_advised_until_the_first_may_be_asked() -> None:
    error = told(ended(Kind.RATE_LIMITED), available_in=2.1)
    assert error.headers == {"retry-after": "3", "x-should-retry": "true"}


def test_nothing_is_advised_on_what_is_about_the_request() -> None:
    assert told(ended(Kind.REFUSED), stops=True).headers == {}


def test_what_was_not_tried_is_told_with_its_time() -> None:
    error = told(available_in=0.2)
    assert (error.status, error.code) == (503, "all_targets_cooling")
    assert error.headers == {"retry-after": "1", "x-should-retry": "true"}
    assert told().code == "upstream_unavailable"


def test_an_error_of_the_network_becomes_one_of_the_api() -> None:
    error = told(ended(Kind.NOT_SENT, NotSentError("Out of reach.")))
    assert (error.status, error.code) == (502, "upstream_unavailable")


def test_a_request_that_cannot_be_written_stays_what_it_is() -> None:
    unsendable = UnsendableError("No.", param="messages")
    failure = ended(Kind.CANNOT_BE_ASKED, unsendable)
    assert error_at_the_end([failure], available_in=None, has_stopped=False) is unsendable
