from __future__ import annotations

from decimal import Decimal

import pytest

from limits.choices import Metric
from limits.configuration.descriptions import (
    amount_in_words,
    figure,
    limit_in_words,
    units_in_words,
)
from limits.models import Limit


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (("group", "each_user", "requests", "20", "minute"), "20 requests a minute, each user"),
        (("group", "pool", "usd", "500", "month"), "$500.00 a month, together"),
        (("user", "pool", "usd", "0.5", "day"), "$0.50 a day"),
        (("user", "each_key", "tokens", "1000000", "day"), "1,000,000 tokens a day, each key"),
        (("key", "each_key", "concurrency", "3", ""), "3 requests at once"),
        (("key", "pool", "concurrency", "1", ""), "1 request at once"),
        (("everyone", "each_key", "images", "1", "total"), "1 image in total, each key"),
        (("connection", "pool", "audio_seconds", "1.5", "hour"), "1.5 seconds of audio an hour"),
    ],
)
def test_limits_read_as_sentences(columns: tuple[str, ...], words: str) -> None:
    kind, share, metric, amount, window = columns
    limit = Limit(
        subject_kind=kind, share=share, metric=metric, amount=Decimal(amount), window=window
    )
    assert limit_in_words(limit).startswith(words)


def test_small_amounts_of_money_are_not_rounded_away() -> None:
    assert amount_in_words(Metric.USD, Decimal("0.000150000")) == "$0.00015"
    assert units_in_words(Metric.USD, 2_500_000_000) == "$2.50"


def test_figures_have_no_noun() -> None:
    assert figure(Metric.AUDIO_SECONDS, 1500) == "1.5"
    assert figure(Metric.TOKENS, 1_200) == "1,200"
    assert figure(Metric.USD, 0) == "$0.00"
