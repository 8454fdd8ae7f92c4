from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resilience.coming_back import seconds_asked_for
from wire_formats.provider_errors import ProviderError

NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT
RECENTLY = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()
NOTHING = ProviderError()


def asked(headers=None, told=NOTHING, *, is_limit=True, now=NOW):
    return seconds_asked_for(headers or {}, told, is_limit=is_limit, now=now)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "6500"}, 6.5),
        ({"retry-after-ms": "6500", "retry-after": "30"}, 6.5),
        ({"retry-after-ms": "soon", "retry-after": "30"}, 30.0),
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "30", "x-ratelimit-reset-requests": "6m0s"}, 30.0),
        ({"retry-after": "Sun, 06 Nov 1994 08:50:07 GMT"}, 30.0),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-tokens": "1.2s"}, 1.2),
        ({"x-ratelimit-reset-tokens": "1m2.5s"}, 62.5),
        ({"x-ratelimit-reset-tokens": "17"}, 17.0),
        ({"ratelimit-reset": "17"}, 17.0),
        ({"anthropic-ratelimit-tokens-reset": "1994-11-06T08:50:07Z"}, 30.0),
        ({"anthropic-ratelimit-tokens-reset": "1994-11-06T08:50:07"}, 30.0),
        ({"anthropic-ratelimit-tokens-reset": "1994-11-06T09:50:07+01:00"}, 30.0),
    ],
)
def test_every_way_of_saying_when_is_read(headers, seconds):
    assert asked(headers) == pytest.approx(seconds)


@pytest.mark.parametrize("value", [str(int(RECENTLY) + 30), str((int(RECENTLY) + 30) * 1000)])
def test_seconds_and_milliseconds_since_the_epoch_are_read(value):
    assert asked({"x-ratelimit-reset": value}, now=RECENTLY) == pytest.approx(30.0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "0"}, 1.0),
        ({"retry-after-ms": "250"}, 1.0),
        ({"x-ratelimit-reset-requests": "250ms"}, 1.0),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:07 GMT"}, 1.0),
        ({"anthropic-ratelimit-tokens-reset": "1994-11-06T08:49:07Z"}, 1.0),
        ({"retry-after": "86400"}, 600.0),
        ({"x-ratelimit-reset-requests": "2h0m0s"}, 600.0),
        ({"x-ratelimit-reset-requests": "1d"}, 600.0),
    ],
)
def test_what_is_asked_for_stays_between_one_second_and_ten_minutes(headers, seconds):
    assert asked(headers) == seconds


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"retry-after": "soon"},
        {"retry-after": "-5"},
        {"x-ratelimit-reset-requests": ""},
        {"x-ratelimit-reset-requests": "6 minutes"},
        {"x-ratelimit-reset-requests": "nan"},
        {"x-ratelimit-reset-requests": "6m0s" * 40},
        {"anthropic-ratelimit-tokens-reset": "1994-99-06T08:50:07Z"},
    ],
)
def test_all_else_says_nothing(headers):
    assert asked(headers) is None


def test_the_limit_that_is_used_up_counts():
    headers = {
        "x-ratelimit-reset-requests": "2s",
        "x-ratelimit-remaining-requests": "14",
        "x-ratelimit-reset-tokens": "40s",
        "x-ratelimit-remaining-tokens": "0",
    }
    assert asked(headers) == 40.0


def test_the_last_end_counts_among_limits_that_are_used_up():
    headers = {
        "x-ratelimit-reset-requests": "2s",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-tokens": "40s",
        "x-ratelimit-remaining-tokens": "0",
    }
    assert asked(headers) == 40.0


def test_the_first_end_counts_where_no_limit_is_known_to_be_used_up():
    headers = {"x-ratelimit-reset-requests": "2s", "x-ratelimit-reset-tokens": "40s"}
    assert asked(headers) == 2.0


def test_ends_of_limits_say_nothing_of_an_upstream_that_is_overloaded():
    headers = {"x-ratelimit-reset-requests": "40s"}
    assert asked(headers, is_limit=False) is None
    assert asked(headers | {"retry-after": "7"}, is_limit=False) == 7.0


@pytest.mark.parametrize(
    ("delay", "seconds"), [("37s", 37.0), ("1.5s", 1.5), ("0s", 1.0), ("37", None), ("s", None)]
)
def test_google_says_it_among_the_details(delay, seconds):
    details = [{"@type": "type.googleapis.com/google.rpc.Help"}, {"retryDelay": delay}]
    assert asked(told=ProviderError(more={"details": details})) == seconds


@pytest.mark.parametrize("details", [None, "37s", [], [None], [{"retryDelay": 37}]])
def test_details_of_another_shape_say_nothing(details):
    assert asked(told=ProviderError(more={"details": details})) is None


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Rate limit reached. Please try again in 7.2s. Visit …", 7.2),
        ("Please try again in 6m0s.", 360.0),
        ("Please try again in 843ms.", 1.0),
        ("Please retry after 26 seconds.", 26.0),
        ("Please retry after 2 minutes.", 120.0),
        ("Please retry after 5 ms.", 1.0),
        ("Please try again in 7", None),
        ("Please try again in 7..2s.", None),
        ("Please try again later.", None),
    ],
)
def test_the_sentence_counts_where_no_header_says_when(message, seconds):
    assert asked(told=ProviderError(message=message)) == seconds


def test_a_header_counts_before_the_sentence():
    told = ProviderError(message="Please try again in 20s.")
    assert asked({"retry-after": "7"}, told) == 7.0


@given(value=st.text(max_size=80), message=st.text(max_size=80))
def test_nothing_that_an_upstream_says_leaves_the_bounds(value, message):
    names = ("retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "ratelimit-reset")
    told = ProviderError(message=message)
    for name in names:
        seconds = asked({name: value}, told)
        assert seconds is None or 1.0 <= seconds <= 600.0
