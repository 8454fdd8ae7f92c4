"""What a limit refuses is told with the caller's own numbers, and with when to come back."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from limits.choices import Metric, Share, SubjectKind, Window
from limits.meters.interface import Reading
from limits.refusals import (
    LimitError,
    LimitReachedError,
    LimitsUnavailableError,
    NeverFitsError,
    UnpricedModelError,
    UntoldUseError,
)
from limits.rule import Raise, Rule
from proxy.client_side.exception_handler import to_api_error
from proxy.client_side.limit_errors import limit_error
from wire_formats.messages.error_types import in_anthropics_words, status_of

NOW = datetime(2026, 11, 28, 21, 30, tzinfo=UTC).timestamp()
USED = 987_654


def a_rule(metric=Metric.REQUESTS, window=Window.MINUTE, **more) -> Rule:
    fields = {
        "id": 1,
        "label": "interns",
        "subject_kind": SubjectKind.GROUP,
        "share": Share.EACH_USER,
        "amount": 20,
    }
    return Rule(metric=metric, window=window, **(fields | more))


def reached(rule: Rule, retry_seconds: float | None) -> LimitReachedError:
    return LimitReachedError(
        rule, Reading("1:u7:requests", rule.amount, USED, 60.0, True), retry_seconds
    )


def test_a_rate_is_told_with_its_amount_and_when_it_lets_through_again() -> None:
    error = limit_error(reached(a_rule(), 2.4), NOW)
    assert (error.status, error.type, error.code) == (429, "requests", "rate_limit_exceeded")
    assert error.message == (
        "Your limit `interns` of 20 requests a minute is reached. Try again in 3 seconds."
    )
    assert error.headers == {
        "retry-after": "3",
        "retry-after-ms": "2400",
        "x-should-retry": "true",
    }


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        (Metric.TOKENS, "tokens"),
        (Metric.OUTPUT_TOKENS, "tokens"),
        (Metric.IMAGES, "rate_limit_error"),
    ],
)
def test_the_type_of_a_rate_is_openais(metric, kind) -> None:
    assert limit_error(reached(a_rule(metric), 1.0), NOW).type == kind


def test_sdks_are_not_to_wait_for_a_rate_that_is_far_off() -> None:
    error = limit_error(reached(a_rule(window=Window.HOUR), 1800.0), NOW)
    assert error.headers["x-should-retry"] == "false"
    assert error.headers["retry-after"] == "1800"


def test_requests_at_once_have_no_time() -> None:
    error = limit_error(reached(a_rule(Metric.CONCURRENCY, Window.NONE), None), NOW)
    assert error.code == "rate_limit_exceeded"
    assert error.message.endswith("Try again when a request has ended.")
    assert error.headers == {"x-should-retry": "true"}


@pytest.mark.parametrize("retry_seconds", [None, 5_400.0])
def test_a_budget_is_told_with_the_end_of_its_period_in_its_own_zone(retry_seconds) -> None:
    rule = a_rule(Metric.USD, Window.DAY, amount=5 * 10**9, zone=ZoneInfo("Europe/Berlin"))
    error = limit_error(reached(rule, retry_seconds), NOW)
    assert (error.status, error.type, error.code) == (
        429,
        "insufficient_quota",
        "insufficient_quota",
    )
    assert error.message == (
        "Your limit `interns` of 5 US dollars a day is used up until 2026-11-29T00:00:00+01:00."
    )
    assert error.headers["x-should-retry"] == "false"
    assert error.headers["retry-after"] == "5400"


def test_a_budget_that_is_about_to_begin_again_is_not_tried_again_either() -> None:
    error = limit_error(reached(a_rule(Metric.USD, Window.DAY), 1.0), NOW)
    assert error.headers["x-should-retry"] == "false"


def test_a_budget_for_ever_has_no_end() -> None:
    error = limit_error(reached(a_rule(Metric.USD, Window.TOTAL, amount=10**9), None), NOW)
    assert error.message == "Your limit `interns` of 1 US dollar in total is used up."
    assert error.headers == {"x-should-retry": "false"}


@pytest.mark.parametrize(
    "error",
    [
        reached(a_rule(share=Share.POOL), 2.0),
        reached(a_rule(Metric.USD, Window.MONTH, share=Share.POOL), 2.0),
        NeverFitsError(a_rule(share=Share.POOL), Reading("1::requests", 20, USED, 60.0)),
    ],
)
def test_a_pool_tells_no_numbers_of_others(error: LimitError) -> None:
    message = limit_error(error, NOW).message
    assert "he shared limit `interns`" in message
    assert "20 requests" not in message
    assert str(USED) not in message
    assert "dollars" not in message


def test_an_amount_that_is_raised_for_a_while_is_the_one_that_is_told() -> None:
    raises = (
        Raise(amount=50, until=NOW + 1, subject="u7"),
        Raise(amount=90, until=NOW + 1, subject="u8"),
    )
    error = reached(a_rule(raises=raises), 2.0)
    assert "of 50 requests a minute" in limit_error(error, NOW).message
    assert "of 20 requests a minute" in limit_error(error, NOW + 2).message


def test_the_part_that_one_worker_counts_is_not_told_as_the_amount() -> None:
    error = LimitReachedError(a_rule(), Reading("1:u7:requests", 10, 10, 60.0, True), 2.0)
    assert "of 20 requests a minute" in limit_error(error, NOW).message


def test_what_never_fits_is_the_requests_own_fault() -> None:
    error = limit_error(NeverFitsError(a_rule(Metric.TOKENS)), NOW)
    assert (error.status, error.type) == (400, "invalid_request_error")
    assert error.code == "request_exceeds_limit"
    assert "all of your limit `interns` of 20 tokens a minute" in error.message


def test_a_model_without_a_price() -> None:
    error = limit_error(UnpricedModelError(a_rule(Metric.USD, Window.DAY)), NOW)
    assert (error.status, error.code, error.param) == (400, "unpriced_model", "model")


def test_a_response_in_the_background() -> None:
    error = limit_error(UntoldUseError(a_rule(Metric.TOKENS)), NOW)
    assert (error.status, error.code) == (400, "background_not_counted")
    assert error.param == "background"


def test_limits_that_cannot_be_read() -> None:
    error = limit_error(LimitsUnavailableError(a_rule(Metric.USD, Window.DAY)), NOW)
    assert (error.status, error.type) == (503, "server_error")
    assert error.code == "limits_unavailable"
    assert error.headers["retry-after"] == "2"


@pytest.mark.parametrize("window", [Window.MINUTE, Window.DAY])
def test_anthropics_clients_are_told_of_a_rate_limit_in_any_case(window) -> None:
    error = to_api_error(reached(a_rule(window=window), 2.0))
    assert error is not None
    told = in_anthropics_words(error)
    assert status_of(error) == 429
    assert told["type"] == "rate_limit_error"
    assert told["details"] == {"error_code": error.code}


def test_what_running_requests_may_leave_over_is_no_quota_used_up() -> None:
    rule = a_rule(metric=Metric.TOKENS, window=Window.DAY)
    reading = Reading("1:u7:1:tokens", rule.amount, USED, 60.0, True)
    error = limit_error(LimitReachedError(rule, reading, 2.0, is_claimed=True), NOW)
    assert (error.status, error.type, error.code) == (429, "tokens", "rate_limit_exceeded")
    assert error.message == (
        "Requests that run now may use all that is left of your limit `interns` of 20 tokens a "
        "day. Try again when one has ended."
    )
    assert (error.headers["retry-after"], error.headers["x-should-retry"]) == ("2", "true")
