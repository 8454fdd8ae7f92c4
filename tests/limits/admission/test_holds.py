"""What a request holds of a limit where the same reservation has used something before."""

from __future__ import annotations

from decimal import Decimal

import pytest

from limits.admission.expected import NOTHING_USED, ONE_REQUEST, Expected, expected_of
from limits.admission.holds import Hold, hold_of
from limits.choices import Metric, Mode, Unpriced, Window
from limits.counting.tariffs import Tariff
from limits.demand import Demand
from limits.matches import Matched
from limits.quantities import Quantities
from limits.rule import Raise
from tests.limits.counting.test_tariffs import a_price
from tests.limits.rules import a_rule
from tests.support.builders import a_target

NOW = 1_764_300_000.0  # seconds since the epoch
BEFORE = Quantities(requests=3, input_tokens=1000, output_tokens=500, nanodollars=7_000_000)


def of(metric: Metric, before: Quantities, *, is_priced: bool = True, **rule: object) -> Hold:
    """What a chat of 100 tokens, which names 200 and usually takes 50, holds of a limit."""
    tariff = Tariff.of(a_price(input_per_million=Decimal(1))) if is_priced else None
    figures = expected_of(Demand(100, 200), [a_target()], "chat/completions", 50, tariff)
    found = Expected.of(figures)._replace(before=before, is_priced=is_priced)
    fields = {"metric": metric, "amount": 10**12} | rule
    return hold_of(Matched.of(a_rule(**fields), ""), found, NOW, NOW)


def figures(hold: Hold) -> tuple[int, int, int, int]:
    return hold.ask.typical, hold.ask.worst, hold.fixed, hold.before


@pytest.mark.parametrize(
    ("metric", "least", "typical", "worst", "used"),
    [
        (Metric.INPUT_TOKENS, 100, 100, 100, 1000),
        (Metric.OUTPUT_TOKENS, 0, 50, 200, 500),
        (Metric.TOKENS, 100, 150, 300, 1500),
        (Metric.USD, 100_000, 100_000 + 500_000, 100_000 + 2_000_000, 7_000_000),
    ],
)
def test_what_was_used_before_is_part_of_all_that_is_held(
    metric: Metric, least: int, typical: int, worst: int, used: int
) -> None:
    assert figures(of(metric, NOTHING_USED)) == (typical, worst, least, 0)
    held = used + typical, used + worst, used + least, used
    assert figures(of(metric, BEFORE)) == held


def test_requests_before_count_as_what_they_are() -> None:
    assert figures(of(Metric.REQUESTS, BEFORE)) == (4, 4, 4, 3)
    assert figures(of(Metric.REQUESTS, NOTHING_USED)) == (1, 1, 1, 0)
    slots = of(Metric.CONCURRENCY, BEFORE, window=Window.NONE)
    assert figures(slots) == (1, 1, 1, 0)


@pytest.mark.parametrize(
    ("rule", "each"),
    [
        ({"unpriced": Unpriced.ASSUME, "assumed_nanodollars_per_token": 10}, 10),
        ({"unpriced": Unpriced.FREE}, 0),
        ({"unpriced": Unpriced.REFUSE, "mode": Mode.SHADOW}, 0),
    ],
)
def test_without_a_price_money_before_is_what_the_limit_says(rule: dict, each: int) -> None:
    hold = of(Metric.USD, BEFORE, is_priced=False, **rule)
    used = 1500 * each
    assert figures(hold) == (used + 150 * each, used + 300 * each, used + 100 * each, used)


def test_the_amount_is_that_of_a_raise_while_it_holds() -> None:
    rule = a_rule(window=Window.MINUTE, raises=(Raise(amount=99, until=NOW + 10),))
    raised = Matched.of(rule, "")
    amounts = [hold_of(raised, ONE_REQUEST, NOW, at).ask.amount for at in (NOW, NOW + 11)]
    assert amounts == [99, 10]
