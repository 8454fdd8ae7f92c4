from decimal import Decimal

import pytest

from limits.choices import Metric, SubjectKind, Window
from limits.quantities import units
from limits.reading.words import amount_in_words
from limits.rule import Rule


def a_rule(metric: Metric, window: Window) -> Rule:
    return Rule(
        id=1, label="x", subject_kind=SubjectKind.USER, metric=metric, amount=0, window=window
    )


@pytest.mark.parametrize(
    ("metric", "window", "amount", "words"),
    [
        (Metric.REQUESTS, Window.MINUTE, "20", "20 requests a minute"),
        (Metric.REQUESTS, Window.HOUR, "1", "1 request an hour"),
        (Metric.USD, Window.MONTH, "500", "500 US dollars a month"),
        (Metric.USD, Window.DAY, "0.50", "0.5 US dollars a day"),
        (Metric.AUDIO_SECONDS, Window.DAY, "90.5", "90.5 seconds of audio a day"),
        (Metric.OUTPUT_TOKENS, Window.TOTAL, "1000000", "1000000 output tokens in total"),
        (Metric.CONCURRENCY, Window.NONE, "3", "3 requests at once"),
    ],
)
def test_amounts_are_told_with_their_window(metric, window, amount, words) -> None:
    assert amount_in_words(a_rule(metric, window), units(metric, Decimal(amount))) == words


def test_thousands_are_set_apart_for_pages() -> None:
    rule, amount = a_rule(Metric.REQUESTS, Window.DAY), units(Metric.REQUESTS, Decimal(100_000))
    assert amount_in_words(rule, amount) == "100000 requests a day"
    assert amount_in_words(rule, amount, has_commas=True) == "100,000 requests a day"
