"""What failed attempts add to the cost of a request."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.usage.records import a_log, a_record
from usage.models import Price, UsageRow
from usage.storing import store
from wire_formats.token_counts import Tokens

pytestmark = pytest.mark.django_db

SERVED = Decimal("0.0012")  # 1000 tokens at $1, 100 at $2 a million


@pytest.fixture(autouse=True)
def prices() -> None:
    for connection, rate in (("openai", 1), ("azure-us", 10)):
        Price.objects.create(
            connection=connection,
            model="*",
            input_per_million=rate,
            output_per_million=2 * rate,
            valid_from="2020-01-01T00:00Z",
        )


def row_of(**fields: object) -> UsageRow:
    store([a_record(**fields)])
    return UsageRow.objects.get()


def test_an_attempt_that_told_its_use_costs_what_its_connection_asks():
    row = row_of(attempt_log=a_log(tokens=Tokens(prompt=1000, completion=50)))
    assert row.cost == SERVED + Decimal("0.011")
    assert (row.prompt_tokens, row.price.connection) == (1000, "openai")
    price, told = Price.objects.get(connection="azure-us"), row.attempt_log[1]
    assert (told["cost"], told["price_id"]) == ("0.011", price.pk)
    assert "cost" not in row.attempt_log[0]
    assert "cost" not in row.attempt_log[2]


def test_input_alone_is_input_alone():
    row = row_of(attempt_log=a_log(tokens=Tokens(prompt=1000)))
    assert row.cost == SERVED + Decimal("0.01")


def test_a_failure_without_counts_is_marked_and_not_priced():
    row = row_of(attempt_log=a_log())
    assert row.cost == SERVED
    assert row.attempt_log[1]["may_be_billed"]


def test_a_request_that_failed_costs_what_its_attempts_cost():
    log = a_log(tokens=Tokens(prompt=1000, completion=0))[:2]
    row = row_of(status=502, prompt_tokens=None, completion_tokens=None, attempt_log=log)
    assert (row.cost, row.price.connection) == (Decimal("0.01"), "azure-us")


def test_a_cost_with_an_unknown_part_is_unknown():
    tokens = Tokens(prompt=1000, completion=0)
    row = row_of(attempt_log=a_log(connection="unpriced", tokens=tokens))
    assert (row.cost, row.attempt_log[1]["cost"]) == (None, None)


def test_the_cost_of_an_answer_without_a_price_stays_unknown():
    row = row_of(connection="unpriced", attempt_log=a_log(tokens=Tokens(prompt=9, completion=0)))
    assert (row.cost, row.price) == (None, None)


def test_an_impossible_figure_counts_as_missing():
    row = row_of(attempt_log=a_log(tokens=Tokens(prompt=10**12, completion=5)))
    assert row.cost is None
