"""The caller's own limits, as the SDKs of OpenAI and Anthropic read them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from limits.choices import Metric, Mode, Share, SubjectKind, Window
from limits.meters.interface import Reading
from limits.rule import Rule
from proxy.client_side import limit_headers as module
from proxy.client_side.limit_headers import NAMES, duration, limit_headers, plans

NOW = datetime(2026, 11, 28, 21, 30, tzinfo=UTC).timestamp()


def told(metric=Metric.REQUESTS, used=0, reset=60.0, is_over=False, **more):
    fields = {
        "id": 1,
        "label": "interns",
        "subject_kind": SubjectKind.GROUP,
        "share": Share.EACH_USER,
        "amount": 20,
        "window": Window.MINUTE,
    }
    rule = Rule(metric=metric, **(fields | more))
    return rule, Reading("1:u7", rule.amount, used, reset, is_over)


def headers_of(*pairs, is_anthropic=False, is_spoken_for=False) -> dict[str, str]:
    rules, readings = zip(*pairs, strict=True)
    fields = limit_headers(
        rules, readings, is_anthropic=is_anthropic, is_spoken_for=is_spoken_for, now=NOW
    )
    assert len({name for name, _ in fields}) == len(fields)
    assert {name.decode() for name, _ in fields} <= set(NAMES)
    return {name.decode(): value.decode() for name, value in fields}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (-1, "0s"),
        (0.0004, "1ms"),
        (0.012, "12ms"),
        (1, "1s"),
        (8.64, "8.64s"),
        (59.9999, "1m0s"),
        (60, "1m0s"),
        (360, "6m0s"),
        (3600, "1h0m0s"),
        (2_592_000, "720h0m0s"),
    ],
)
def test_durations_are_written_as_go_writes_them(seconds, text) -> None:
    assert duration(seconds) == text.encode()


@pytest.mark.parametrize(
    ("seconds", "text"), [(60.0000001, "1m0s"), (61.2, "1m2s"), (86_399.5, "24h0m0s")]
)
def test_from_a_minute_on_durations_are_whole_seconds(seconds, text) -> None:
    assert duration(seconds) == text.encode()


def test_openais_headers() -> None:
    pairs = told(used=3, reset=8.64), told(Metric.TOKENS, used=5, amount=100, reset=360.0)
    assert headers_of(*pairs) == {
        "x-ratelimit-limit-requests": "20",
        "x-ratelimit-remaining-requests": "17",
        "x-ratelimit-reset-requests": "8.64s",
        "x-ratelimit-limit-tokens": "100",
        "x-ratelimit-remaining-tokens": "95",
        "x-ratelimit-reset-tokens": "6m0s",
    }


def test_anthropics_headers() -> None:
    pairs = (
        told(used=3, reset=8.64),
        told(Metric.INPUT_TOKENS, used=5, amount=100),
        told(Metric.OUTPUT_TOKENS, used=6, amount=50),
    )
    assert headers_of(*pairs, is_anthropic=True) == {
        "anthropic-ratelimit-requests-limit": "20",
        "anthropic-ratelimit-requests-remaining": "17",
        "anthropic-ratelimit-requests-reset": "2026-11-28T21:30:09Z",
        "anthropic-ratelimit-input-tokens-limit": "100",
        "anthropic-ratelimit-input-tokens-remaining": "95",
        "anthropic-ratelimit-input-tokens-reset": "2026-11-28T21:31:00Z",
        "anthropic-ratelimit-output-tokens-limit": "50",
        "anthropic-ratelimit-output-tokens-remaining": "44",
        "anthropic-ratelimit-output-tokens-reset": "2026-11-28T21:31:00Z",
    }


def test_the_limit_with_the_least_left_is_told_and_of_two_the_one_that_lasts() -> None:
    day = told(used=100, amount=110, window=Window.DAY, reset=3600.0)
    week = told(used=100, amount=110, window=Window.WEEK, reset=7200.0)
    assert headers_of(told(used=3), day, week) == {
        "x-ratelimit-limit-requests": "110",
        "x-ratelimit-remaining-requests": "10",
        "x-ratelimit-reset-requests": "2h0m0s",
    }


@pytest.mark.parametrize(
    "pair",
    [
        told(share=Share.POOL),
        told(share=Share.POOL, subject_kind=SubjectKind.CONNECTION),
        told(mode=Mode.WARN),
        told(mode=Mode.SHADOW, is_over=True),
        told(Metric.USD),
        told(Metric.CONCURRENCY, window=Window.NONE),
        told(Metric.OUTPUT_TOKENS),
    ],
)
def test_what_is_not_the_callers_alone_or_has_no_header_is_left_out(pair) -> None:
    assert headers_of(pair) == {}


def test_nothing_is_left_of_an_amount_that_was_lowered() -> None:
    assert headers_of(told(used=30))["x-ratelimit-remaining-requests"] == "0"


@pytest.mark.parametrize("is_anthropic", [False, True])
def test_a_limit_for_ever_is_never_reset(is_anthropic) -> None:
    found = headers_of(told(window=Window.TOTAL, reset=10.0**10), is_anthropic=is_anthropic)
    assert len(found) == 2
    assert not any("reset" in name for name in found)


def test_limits_that_warn_are_named_by_their_labels() -> None:
    pairs = (
        told(mode=Mode.WARN, is_over=True, share=Share.POOL, label="Büro, a minute"),
        told(mode=Mode.WARN, is_over=True, label="b"),
        told(mode=Mode.WARN, label="c"),
    )
    assert headers_of(*pairs) == {"x-gateway-limit-warning": "B%C3%BCro%2C a minute, b"}


def test_a_person_whom_a_key_speaks_for_is_told_of_their_own_share_alone() -> None:
    own, of_key = told(used=3), told(used=4, share=Share.EACH_KEY, metric=Metric.TOKENS)
    assert len(headers_of(own, of_key)) == 6
    assert set(headers_of(own, of_key, is_spoken_for=True)) == {
        "x-ratelimit-limit-requests",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
    }


def test_of_several_limits_that_one_which_is_never_reset_may_be_the_tightest() -> None:
    day, total = told(used=10, window=Window.DAY), told(used=15, window=Window.TOTAL)
    assert headers_of(day, total) == {
        "x-ratelimit-limit-requests": "20",
        "x-ratelimit-remaining-requests": "5",
    }


def test_plans_of_earlier_limits_are_forgotten(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_KNOWN", 3)
    for used in range(10):  # each time another rule
        assert headers_of(told(used=used))["x-ratelimit-remaining-requests"] == str(20 - used)
    assert len(plans) <= 3
