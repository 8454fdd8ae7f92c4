"""The terms of limits: the same for all requests of a caller until a period or a raise ends."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf

import pytest

from limits.choices import Metric, Unpriced, Window
from limits.matches import Matched, Matches
from limits.meters.interface import MeterKind, Terms
from limits.quantities import Quantities
from limits.rule import Raise
from tests.limits.rules import a_rule

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC).timestamp()
MIDNIGHT = datetime(2026, 3, 15, tzinfo=UTC).timestamp()
DAY = 86_400


def matches(*rules: dict[str, object]) -> Matches:
    return Matches(
        Matched.of(a_rule(id=number, **fields), "u7") for number, fields in enumerate(rules, 1)
    )


def test_the_terms_hold_until_the_first_period_ends() -> None:
    found = matches(
        {"window": Window.MONTH},
        {"window": Window.DAY, "metric": Metric.TOKENS, "amount": 99},
        {"window": Window.MINUTE},
    )
    first = found.in_force(NOON, NOON)
    march, day = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()), int(MIDNIGHT) - DAY
    assert first.terms == (
        Terms(f"1:u7:{march}:requests", MeterKind.PERIOD, 10, 0),
        Terms(f"2:u7:{day}:tokens", MeterKind.PERIOD, 99, 0),
        Terms("3:u7:requests", MeterKind.BUCKET, 10, 60_000_000),
    )
    assert first.marks == (f"1:u7:{march}", f"2:u7:{day}")
    assert (first.begins, first.ends, first.changes_at) == (day, MIDNIGHT, inf)
    assert found.in_force(MIDNIGHT - 0.1, NOON) is first
    following = found.in_force(MIDNIGHT, MIDNIGHT)
    assert [terms.meter for terms in following.terms] == [
        f"1:u7:{march}:requests",
        f"2:u7:{int(MIDNIGHT)}:tokens",
        "3:u7:requests",
    ]


def test_a_request_of_yesterday_counts_towards_yesterday() -> None:
    found = matches({"window": Window.DAY})
    found.in_force(MIDNIGHT, MIDNIGHT)
    late = found.in_force(MIDNIGHT - 1, MIDNIGHT + 1)
    assert late.marks == (f"1:u7:{int(MIDNIGHT) - DAY}",)


def test_an_amount_holds_until_its_raise_ends() -> None:
    raises = (
        Raise(amount=99, until=NOON + 10, subject="u7"),
        Raise(amount=50, until=NOON + 20),
        Raise(amount=70, until=NOON + 5, subject="u8"),
    )
    found = matches({"window": Window.MINUTE, "raises": raises}, {"window": Window.MINUTE})
    at = (NOON, NOON + 9.9, NOON + 10, NOON + 19.9, NOON + 20)
    amounts = [[terms.amount for terms in found.in_force(NOON, now).terms] for now in at]
    assert amounts == [[99, 10], [99, 10], [50, 10], [50, 10], [10, 10]]
    set_back = [terms.amount for terms in found.in_force(NOON, NOON + 15).terms]
    assert set_back == [50, 10]


@pytest.mark.parametrize(
    ("metrics", "amounts"),
    [
        ([Metric.TOKENS], (5,)),
        ([Metric.REQUESTS, Metric.USD, Metric.TOKENS], (1, 4, 5)),
        ([Metric.OUTPUT_TOKENS, Metric.INPUT_TOKENS], (3, 2)),
        ([Metric.IMAGES, Metric.AUDIO_SECONDS, Metric.CONCURRENCY], (7, 6, 1)),
        ([], ()),
    ],
)
def test_the_amounts_of_all_limits_are_read_in_their_order(
    metrics: list[Metric], amounts: tuple[int, ...]
) -> None:
    found = matches(*({"metric": metric, "window": Window.MINUTE} for metric in metrics))
    assert found.reads((1, 2, 3, 4, 6, 7, 5)) == amounts
    quantities = Quantities(1, 2, 3, 4, 6, 7)
    assert tuple(each.amount_of(quantities, is_priced=True) for each in found) == amounts


@pytest.mark.parametrize(
    ("unpriced", "amount"), [(Unpriced.ASSUME, 50), (Unpriced.FREE, 0), (Unpriced.REFUSE, 0)]
)
def test_money_without_a_price_is_what_the_limit_says(unpriced: Unpriced, amount: int) -> None:
    [money] = matches(
        {"metric": Metric.USD, "unpriced": unpriced, "assumed_nanodollars_per_token": 10}
    )
    assert money.amount_of(Quantities(1, 2, 3, 4), is_priced=False) == amount
    assert money.amount_of(Quantities(1, 2, 3, 4), is_priced=True) == 4


def test_what_cuts_is_told_of_limits_that_count_an_output() -> None:
    assert matches({}, {"metric": Metric.TOKENS}).all_cut
    assert matches({"clamps": False}, {"metric": Metric.INPUT_TOKENS, "clamps": False}).all_cut
    assert not matches({"metric": Metric.USD, "clamps": False}, {"metric": Metric.TOKENS}).all_cut


def test_matches_are_a_sequence() -> None:
    found = matches({}, {"window": Window.MINUTE})
    assert [len(found), found[1], *found[:1]] == [2, list(found)[1], next(iter(found))]
    assert not matches()
