from __future__ import annotations

import random
from dataclasses import replace
from itertools import count

import pytest
from channels.db import database_sync_to_async
from django.db import OperationalError

from connections.models import Connection
from limits.counting.live_prices import LivePrices, Priced, load_prices
from limits.quantities import nanodollars, quantities_in
from tests.limits.random_records import CONNECTIONS, random_price, random_record
from tests.usage.records import a_record
from usage.models import Price, UsageRow
from usage.storing import store

pytestmark = pytest.mark.django_db(transaction=True)

GPT = Priced("openai", "gpt-4o", "gpt-4o")
CLAUDE = Priced("claude", "claude-sonnet-4-5", "claude-sonnet-4-5")


def make_connections() -> None:
    for name, url in CONNECTIONS.items():
        provider = "openai" if name in {"openai", "elsewhere"} else "compatible"
        Connection.objects.create(name=name, base_url=url, provider=provider)


def once(load):
    """``load``, by a database that goes away after it."""
    calls = count()

    def load_or_fail():
        if next(calls):
            raise OperationalError("the database is away")
        return load()

    return load_or_fail


@pytest.mark.parametrize("seed", range(4))
async def test_a_quote_is_the_cost_that_the_ledger_arrives_at(seed):
    chance = random.Random(seed)
    records = [random_record(chance, number).believed() for number in range(1500)]

    @database_sync_to_async
    def prepare():
        make_connections()
        Price.objects.bulk_create(random_price(chance) for _ in range(chance.randrange(25)))

    @database_sync_to_async
    def costs():
        store(records)
        return dict(UsageRow.objects.values_list("request_id", "cost"))

    await prepare()
    prices = LivePrices()
    await prices.refresh()
    quotes = {record.request_id: prices.quote(record) for record in records}
    stored = await costs()
    known = {name: nanodollars(cost) for name, cost in stored.items() if cost is not None}
    assert {name: quote for name, quote in quotes.items() if quote is not None} == known
    assert (len(stored), len(known) > 100) == (1500, True)
    amounts, is_priced = prices.plain_used(records[0])
    assert (quantities_in(amounts).nanodollars, is_priced) == (
        known.get(records[0].request_id, 0),
        records[0].request_id in known,
    )


async def test_a_quote_saves_no_price_of_the_list():
    await database_sync_to_async(make_connections)()
    prices = LivePrices()
    await prices.learn([GPT])
    assert prices.quote(a_record()) == 3_500_000  # 1000 tokens at $2.50, 100 at $10 a million
    assert not await Price.objects.aexists()


async def test_a_new_price_counts_after_a_refresh():
    await database_sync_to_async(make_connections)()
    prices = LivePrices()
    await prices.learn([GPT])
    await Price.objects.acreate(model="gpt-4o", per_request=1, valid_from="2020-01-01T00:00Z")
    before = prices.quote(a_record())
    await prices.refresh()
    assert (before, prices.quote(a_record())) == (3_500_000, 10**9)


async def test_prices_are_read_once_for_a_model_that_is_known():
    await database_sync_to_async(make_connections)()
    prices = LivePrices(once(load_prices))
    await prices.learn([GPT])
    await prices.learn([GPT, CLAUDE])
    assert prices.quote(a_record()) == 3_500_000


async def test_the_prices_stay_while_the_database_is_away():
    await database_sync_to_async(make_connections)()
    prices = LivePrices(once(load_prices))
    await prices.refresh()
    with pytest.raises(OperationalError):
        await prices.refresh()
    assert prices.quote(a_record()) == 3_500_000


async def test_a_demand_costs_what_its_counts_cost():
    await database_sync_to_async(make_connections)()
    prices = LivePrices()
    await prices.learn([GPT, CLAUDE])
    asked = {"input_tokens": 1000, "output_tokens": 100}
    assert prices.cost_of_demand(GPT, **asked) == 3_500_000
    assert prices.cost_of_demand(GPT, **asked, is_worst=True) == 3_500_000
    # Written to the cache, input costs a quarter more.
    assert prices.cost_of_demand(CLAUDE, **asked) == 4_500_000
    assert prices.cost_of_demand(CLAUDE, **asked, is_worst=True) == 5_250_000
    assert prices.cost_of_demand(Priced("none", "x", "y"), **asked) is None


@pytest.mark.parametrize("seed", range(3))
async def test_the_worst_cost_is_never_passed_by_a_record_of_so_many_tokens(seed):
    chance = random.Random(seed)
    await database_sync_to_async(make_connections)()
    prices = LivePrices()
    await prices.refresh()
    compared = 0
    for number in range(2000):
        record = replace(random_record(chance, number), status=200, attempt_log=[])
        record = replace(record, audio_seconds=None, characters=None).believed()
        quote = prices.quote(record)
        if quote is None or None in {record.prompt_tokens, record.completion_tokens}:
            continue
        model = Priced(record.connection, record.model, record.upstream_model, record.service_tier)
        worst = prices.cost_of_demand(
            model,
            # No cache has more than the whole input, of a provider that counts as it should.
            input_tokens=max(
                record.prompt_tokens,
                (record.cached_tokens or 0) + (record.cache_write_tokens or 0),
            ),
            output_tokens=record.completion_tokens,
            is_worst=True,
        )
        assert worst is None or quote <= worst
        compared += worst is not None
    assert compared > 200
