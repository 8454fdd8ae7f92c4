from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import OperationalError

from limits.admission.admissions import Admission
from limits.admission.admitting import CLAIMED_SECONDS
from limits.admission.asked_for import EVERYTHING, FREE, HANDSHAKE
from limits.admission.asking import Asker
from limits.admission.expected import ONE_REQUEST
from limits.admission.gate import Gate
from limits.book import Book
from limits.choices import Metric, Mode, OnOutage, Unpriced, Window
from limits.counting.live_prices import LivePrices
from limits.demand import NOTHING, Demand
from limits.matches import Matched
from limits.meters.interface import Ask, Base, MetersUnavailableError, Reading
from limits.meters.memory import MemoryMeters
from limits.refusals import (
    LimitReachedError,
    LimitsUnavailableError,
    NeverFitsError,
    UnpricedModelError,
    UntoldUseError,
)
from limits.rule import Raise, Rule
from tests.limits.rules import a_rule
from tests.support.builders import a_target, an_exchange
from usage.attempts import Attempt
from usage.exchange import Exchange
from usage.in_flight import in_flight
from usage.models import Price
from usage.pricing import Pricing
from usage.record import UsageRecord

TARGET = a_target()
ONE_DOLLAR = 10**9


class AwayMeters(MemoryMeters):
    """Meters that cannot be asked while they are ``away``."""

    away = True

    async def take(self, reservation: str, asks: Sequence[Ask]) -> object:
        if self.away:
            raise MetersUnavailableError
        return await super().take(reservation, asks)


async def nothing_used(asks: Sequence[Ask]) -> list[Base]:
    return [Base(ask.meter, 0, 0, ask.ends_at) for ask in asks]


async def no_database(asks: Sequence[Ask]) -> list[Base]:
    raise OperationalError("the database is away")


def a_price() -> Price:
    """A dollar for a million tokens of input, two for as many of output."""
    return Price(
        model="gpt-*",
        input_per_million=Decimal(1),
        output_per_million=Decimal(2),
        valid_from=datetime(2020, 1, 1, tzinfo=UTC),
    )


def a_gate(*rules: Rule, meters: MemoryMeters | None = None, prices: Sequence[Price] = ()) -> Gate:
    gate = Gate(prices=LivePrices(lambda: Pricing(prices, {}, saves=False)))
    gate.book = Book(rules)
    meters = MemoryMeters() if meters is None else meters
    gate.asker = Asker(meters, local=MemoryMeters(), find_bases=nothing_used)
    return gate


@pytest.fixture
def opened() -> Iterator[type[Opened]]:
    yield Opened
    for exchange in list(in_flight):
        in_flight.close(exchange)


class Way:
    """Whether the requests of a test go the long way, all of them."""

    is_long = False


class Opened:
    """Makes exchanges that run."""

    @staticmethod
    def exchange(number: int = 1, **fields: object) -> Exchange:
        exchange = an_exchange(**{"request_id": f"req_{number}"} | fields)
        in_flight.open(exchange)
        return exchange


def chat(**fields: int | None) -> Demand:
    return Demand(**({"input_tokens": 100, "output_tokens": 200} | fields))


@pytest.fixture(params=["in one step", "by the long way"], autouse=True)
def _way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Both ways lead to the same result."""
    Way.is_long = request.param == "by the long way"
    yield
    Way.is_long = False


async def admitted(
    gate: Gate,
    exchange: Exchange,
    demand: Demand = NOTHING,
    metrics: frozenset[Metric] = EVERYTHING,
) -> Admission:
    """What is said to the request, in one step where that is enough."""
    told = None
    if not Way.is_long:
        told = gate.admit_in_one_step(exchange, [TARGET], lambda: demand, metrics)
    if told is None:
        return await gate.admit(exchange, [TARGET], lambda: demand, metrics)
    rules, readings = told
    return Admission(rules, tuple(Reading(*each) for each in readings))


def end(gate: Gate, exchange: Exchange, **tokens: int) -> None:
    """Answer ``exchange``, and have it settled as its record says."""
    exchange.connection, exchange.upstream_model = "one", "gpt-4o"
    exchange.status = 200
    exchange.attempts.append(Attempt(connection="one", model="gpt-4o"))
    exchange.tokens.prompt = tokens.get("prompt")
    exchange.tokens.completion = tokens.get("completion")
    gate.settle(exchange, UsageRecord.of(exchange))


def matched_of(gate: Gate, rule: Rule) -> Matched:
    exchange = an_exchange()
    found = gate.book.meters_for(exchange.caller, exchange.model, exchange.endpoint)
    return next(each for each in found if each.rule is rule)


async def used(gate: Gate, exchange: Exchange, demand: Demand = NOTHING) -> list[int]:
    admission = await admitted(gate, exchange, demand)
    return [reading.used for reading in admission.readings]


async def test_a_request_without_a_limit_holds_nothing(opened: Opened) -> None:
    admission = await admitted(a_gate(), opened.exchange())
    assert (admission.rules, admission.output_cap) == ((), None)


async def test_a_limit_lets_through_as_many_as_it_says(opened: Opened) -> None:
    gate = a_gate(a_rule(amount=2))
    for number in range(2):
        await admitted(gate, opened.exchange(number))
    with pytest.raises(LimitReachedError) as caught:
        await admitted(gate, opened.exchange(3))
    assert caught.value.rule.label == "ten a day"
    assert caught.value.retry_seconds is not None
    assert 0 < caught.value.retry_seconds <= 86_400


async def test_one_of_a_hundred_at_once_passes_a_limit_of_one(opened: Opened) -> None:
    gate = a_gate(a_rule(amount=1), a_rule(id=2, window=Window.MINUTE))
    requests = [admitted(gate, opened.exchange(number)) for number in range(100)]
    results = await asyncio.gather(*requests, return_exceptions=True)
    refused = [result for result in results if isinstance(result, LimitReachedError)]
    assert len(refused) == 99
    assert gate.running == 1


async def test_a_raise_holds_in_place_of_the_amount(opened: Opened) -> None:
    raised = Raise(amount=1, until=2_000_000_000.0 * 2)
    gate = a_gate(a_rule(amount=0, raises=(raised,)))
    await admitted(gate, opened.exchange())


async def test_what_a_request_counts_towards_is_marked(opened: Opened) -> None:
    gate = a_gate(
        a_rule(id=1, mode=Mode.SHADOW),
        a_rule(id=2, window=Window.MINUTE),
        a_rule(id=3, metric=Metric.CONCURRENCY, window=Window.NONE),
        a_rule(id=4, window=Window.TOTAL),
    )
    exchange = opened.exchange(accepted_at=1_795_870_800.0)  # 2026-11-28 13:00 UTC
    await admitted(gate, exchange)
    assert exchange.limit_marks == ["1::1795824000", "4::0"]


async def test_the_record_decides_what_was_used(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.TOKENS, amount=10_000))
    exchange = opened.exchange()
    assert await used(gate, exchange, chat(output_tokens=5000)) == [5100]
    end(gate, exchange, prompt=90, completion=10)
    assert await used(gate, opened.exchange(2), chat(input_tokens=1, output_tokens=1)) == [102]


async def test_who_leaves_before_the_end_pays_for_a_large_request_too(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.TOKENS, amount=10_000))
    exchange = opened.exchange(bytes_received=10**6, is_streamed=True, chunks=30)
    await admitted(gate, exchange, chat(output_tokens=5000))
    end(gate, exchange)
    assert await used(gate, opened.exchange(2), chat(input_tokens=1, output_tokens=1)) == [132]


@pytest.mark.parametrize("metric", [Metric.TOKENS, Metric.OUTPUT_TOKENS, Metric.USD])
async def test_what_no_record_will_tell_of_is_refused(opened: Opened, metric: Metric) -> None:
    gate = a_gate(a_rule(metric=metric, amount=10**9), prices=[a_price()])
    with pytest.raises(UntoldUseError):
        await admitted(gate, opened.exchange(), chat(is_detached=True))
    assert gate.running == 0


@pytest.mark.parametrize("more", [{"mode": Mode.WARN}, {"metric": Metric.REQUESTS}])
async def test_what_no_record_will_tell_of_passes_where_that_is_not_enforced(
    opened: Opened, more: dict[str, object]
) -> None:
    gate = a_gate(a_rule(**({"metric": Metric.TOKENS, "amount": 10**9} | more)))
    await admitted(gate, opened.exchange(), chat(is_detached=True))


async def test_a_request_that_reached_no_upstream_releases_everything(opened: Opened) -> None:
    gate = a_gate(a_rule(amount=1), a_rule(id=2, metric=Metric.CONCURRENCY, window=Window.NONE))
    first = opened.exchange()
    await admitted(gate, first)
    gate.settle(first, UsageRecord.of(first))
    await admitted(gate, opened.exchange(2))


async def test_a_failed_attempt_costs_a_request(opened: Opened) -> None:
    gate = a_gate(a_rule(amount=1))
    first = opened.exchange()
    await admitted(gate, first)
    first.attempts.append(Attempt(connection="one", model="gpt-4o"))
    first.status = 502
    gate.settle(first, UsageRecord.of(first))
    with pytest.raises(LimitReachedError):
        await admitted(gate, opened.exchange(2))


async def test_slots_are_free_again_when_requests_end(opened: Opened) -> None:
    gate = a_gate(a_rule(amount=1, metric=Metric.CONCURRENCY, window=Window.NONE))
    first = opened.exchange()
    await admitted(gate, first)
    with pytest.raises(LimitReachedError) as caught:
        await admitted(gate, opened.exchange(2))
    assert caught.value.retry_seconds is None
    end(gate, first)
    await admitted(gate, opened.exchange(3))


@pytest.mark.parametrize("mode", [Mode.WARN, Mode.SHADOW])
async def test_only_what_is_enforced_refuses(
    opened: Opened,
    mode: Mode,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> None:
    label = request.node.name  # of its own: each is told of once a minute
    gate = a_gate(a_rule(label=label, amount=0, mode=mode))
    admission = await admitted(gate, opened.exchange())
    await admitted(gate, opened.exchange(2))
    assert [(reading.used, reading.is_over) for reading in admission.readings] == [(1, True)]
    line = f"The limit {label} is over, and only warns."
    assert caplog.messages == ([line] if mode is Mode.WARN else [])


async def test_the_limit_that_lasts_the_longest_is_named(opened: Opened) -> None:
    gate = a_gate(
        a_rule(id=1, label="minute", amount=1, window=Window.MINUTE),
        a_rule(id=2, label="day", amount=1),
    )
    await admitted(gate, opened.exchange())
    with pytest.raises(LimitReachedError) as caught:
        await admitted(gate, opened.exchange(2))
    assert caught.value.rule.label == "day"


async def test_what_names_more_than_the_whole_limit_never_fits(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.TOKENS, amount=1000, window=Window.MINUTE))
    with pytest.raises(NeverFitsError):
        await admitted(gate, opened.exchange(), chat(output_tokens=1000))
    with pytest.raises(NeverFitsError):
        await admitted(gate, opened.exchange(2), chat(input_tokens=1000, output_tokens=None))
    await admitted(gate, opened.exchange(3), chat(output_tokens=900))


async def test_a_limit_of_nothing_is_reached(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.TOKENS, amount=0))
    with pytest.raises(LimitReachedError):
        await admitted(gate, opened.exchange(), chat())


async def test_near_the_limit_an_output_without_a_maximum_is_cut(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.TOKENS, amount=2000))
    first = opened.exchange()
    admission = await admitted(gate, first, chat(output_tokens=None))
    assert admission.output_cap == 1024  # the usual output; more than half of the rest
    end(gate, first, prompt=100, completion=1000)
    second = await admitted(gate, opened.exchange(2), chat(output_tokens=None))
    assert second.output_cap == 800


async def test_half_of_what_is_left_stays_for_the_next_request(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.TOKENS, amount=4100))
    caps = [
        (await admitted(gate, opened.exchange(n), chat(output_tokens=None))).output_cap
        for n in (1, 2, 3)
    ]
    assert caps == [1950, 1024, 826]


async def test_what_only_running_requests_may_use_is_not_used_up(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.TOKENS, amount=2000))
    first = opened.exchange(1)
    await admitted(gate, first, chat(output_tokens=1900))
    with pytest.raises(LimitReachedError) as caught:
        await admitted(gate, opened.exchange(2), chat(output_tokens=1900))
    assert (caught.value.is_claimed, caught.value.retry_seconds) == (True, CLAIMED_SECONDS)
    end(gate, first, prompt=100, completion=10)
    third = opened.exchange(3)
    await admitted(gate, third, chat(output_tokens=1500))
    end(gate, third, prompt=100, completion=1500)
    with pytest.raises(LimitReachedError) as caught:
        await admitted(gate, opened.exchange(4), chat(output_tokens=1900))
    assert not caught.value.is_claimed


async def test_a_limit_that_a_shorter_output_would_meet_is_not_named(opened: Opened) -> None:
    gate = a_gate(
        a_rule(id=1, label="minute", amount=1, window=Window.MINUTE),
        a_rule(id=2, label="day", metric=Metric.TOKENS, amount=4000),
    )
    first = opened.exchange(1)
    await admitted(gate, first, chat(output_tokens=None))
    end(gate, first, prompt=100, completion=100)
    with pytest.raises(LimitReachedError) as caught:
        await admitted(gate, opened.exchange(2), chat(output_tokens=None))
    assert caught.value.rule.label == "minute"


async def test_less_than_sixteen_tokens_of_output_are_refused(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.TOKENS, amount=2000))
    first = opened.exchange()
    await admitted(gate, first, chat(output_tokens=None))
    end(gate, first, prompt=100, completion=1785)
    with pytest.raises(LimitReachedError):
        await admitted(gate, opened.exchange(2), chat(output_tokens=None))


async def test_far_from_the_limit_no_output_is_cut(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.TOKENS, amount=1_000_000))
    assert (await admitted(gate, opened.exchange(), chat(output_tokens=None))).output_cap is None


@pytest.mark.parametrize(("others", "cap"), [(2, None), (10, 4096)])
async def test_what_runs_in_other_workers_brings_the_limit_nearer(
    opened: Opened, others: int, cap: int | None
) -> None:
    meters, rule = MemoryMeters(), a_rule(metric=Metric.TOKENS, amount=60_000)
    one, other = a_gate(rule, meters=meters), a_gate(rule, meters=meters)
    for number in range(others):
        await admitted(other, opened.exchange(number), chat(output_tokens=None))
    admission = await admitted(one, opened.exchange(others), chat(output_tokens=None))
    assert admission.output_cap == cap


async def test_a_limit_that_cuts_nothing_goes_by_what_is_typical(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.TOKENS, amount=2000, clamps=False))
    assert (await admitted(gate, opened.exchange(), chat(output_tokens=None))).output_cap is None
    with pytest.raises(LimitReachedError):
        await admitted(gate, opened.exchange(2), chat(output_tokens=None))


async def test_outputs_that_were_seen_decide_what_is_typical(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.OUTPUT_TOKENS, amount=1_000_000))
    for number in range(10):
        exchange = opened.exchange(number)
        await admitted(gate, exchange, chat(output_tokens=None))
        end(gate, exchange, prompt=100, completion=64)
    assert await used(gate, opened.exchange(11), chat(output_tokens=None)) == [640 + 64]


async def test_money_is_reserved_by_the_price_and_settled_by_the_record(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.USD, amount=ONE_DOLLAR), prices=[a_price()])
    exchange = opened.exchange()
    demand = chat(input_tokens=100_000, output_tokens=200_000)
    assert await used(gate, exchange, demand) == [ONE_DOLLAR // 2]
    with pytest.raises(LimitReachedError):
        await admitted(gate, opened.exchange(2), chat(output_tokens=300_000))
    end(gate, exchange, prompt=100_000, completion=0)
    assert await used(gate, opened.exchange(3), chat(input_tokens=0, output_tokens=0)) == [
        ONE_DOLLAR // 10
    ]


async def test_near_a_budget_the_output_is_cut_to_what_is_left(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.USD, amount=ONE_DOLLAR // 1000), prices=[a_price()])
    admission = await admitted(gate, opened.exchange(), chat(input_tokens=200, output_tokens=None))
    assert admission.output_cap == 400


@pytest.mark.parametrize(
    ("unpriced", "expected"), [(Unpriced.FREE, 0), (Unpriced.ASSUME, 300 * 1000)]
)
async def test_a_model_without_a_price_costs_what_the_limit_says(
    opened: Opened, unpriced: Unpriced, expected: int
) -> None:
    rule = a_rule(
        metric=Metric.USD,
        amount=ONE_DOLLAR,
        unpriced=unpriced,
        assumed_nanodollars_per_token=1000,
    )
    gate = a_gate(rule)
    exchange = opened.exchange()
    await admitted(gate, exchange, chat())
    end(gate, exchange, prompt=100, completion=200)
    nothing = chat(input_tokens=0, output_tokens=0)
    assert await used(gate, opened.exchange(2), nothing) == [expected]


async def test_a_model_without_a_price_is_refused_where_money_is_enforced(opened: Opened) -> None:
    gate = a_gate(a_rule(metric=Metric.USD, amount=ONE_DOLLAR))
    with pytest.raises(UnpricedModelError):
        await admitted(gate, opened.exchange(), chat())
    assert gate.running == 0
    shadow = a_rule(metric=Metric.USD, amount=ONE_DOLLAR, mode=Mode.SHADOW)
    await admitted(a_gate(shadow), opened.exchange(2), chat())


async def test_only_the_metrics_that_are_named_are_asked_for(opened: Opened) -> None:
    gate = a_gate(
        a_rule(id=1),
        a_rule(id=2, metric=Metric.USD, amount=0),
        a_rule(id=3, metric=Metric.CONCURRENCY, window=Window.NONE),
    )
    handshake = await admitted(gate, opened.exchange(), metrics=HANDSHAKE)
    assert [rule.id for rule in handshake.rules] == [1]
    free = await admitted(gate, opened.exchange(2), metrics=FREE)
    assert [rule.id for rule in free.rules] == [1, 3]
    counting = opened.exchange(3, endpoint="messages/count_tokens")
    assert [rule.id for rule in (await admitted(gate, counting)).rules] == [1, 3]


async def test_a_second_admission_asks_for_what_is_new(opened: Opened) -> None:
    gate = a_gate(a_rule(id=1), a_rule(id=2, metric=Metric.INPUT_TOKENS, amount=1000))
    exchange = opened.exchange()
    await admitted(gate, exchange, metrics=FREE)
    admission = await admitted(gate, exchange, chat())
    assert {reading.meter[0]: reading.used for reading in admission.readings} == {"1": 1, "2": 100}


async def test_a_fallback_reserves_what_it_costs_more_and_its_own_limits(opened: Opened) -> None:
    gate = a_gate(
        a_rule(id=1, metric=Metric.TOKENS, amount=10_000),
        a_rule(id=2, models=("gpt-4o-mini",)),
    )
    exchange = opened.exchange()
    await admitted(gate, exchange, chat())
    mini = a_target(model="gpt-4o-mini")
    admission = await gate.extend(exchange, "gpt-4o-mini", [mini], lambda: chat(output_tokens=900))
    assert {reading.meter[0]: reading.used for reading in admission.readings} == {
        "1": 1000,
        "2": 1,
    }
    assert [mark[0] for mark in exchange.limit_marks] == ["1", "2"]


async def test_a_fallback_that_is_refused_leaves_what_is_held(opened: Opened) -> None:
    gate = a_gate(a_rule(id=1), a_rule(id=2, models=("gpt-4o-mini",), amount=0))
    exchange = opened.exchange()
    await admitted(gate, exchange, chat())
    mini = a_target(model="gpt-4o-mini")
    with pytest.raises(LimitReachedError):
        await gate.extend(exchange, "gpt-4o-mini", [mini], chat)
    end(gate, exchange)
    assert await used(gate, opened.exchange(2)) == [2]


async def test_a_client_that_left_meanwhile_holds_nothing(opened: Opened) -> None:
    gate = a_gate(a_rule(amount=1))
    await admitted(gate, an_exchange())
    await admitted(gate, opened.exchange(2))


async def test_a_client_that_left_while_meters_are_away_holds_nothing(opened: Opened) -> None:
    one_at_once = a_rule(metric=Metric.CONCURRENCY, window=Window.NONE, amount=1)
    gate = a_gate(one_at_once, meters=AwayMeters())
    await admitted(gate, an_exchange())
    await admitted(gate, opened.exchange(2))
    with pytest.raises(LimitReachedError):
        await admitted(gate, opened.exchange(3))


async def test_many_requests_ask_the_database_once_for_a_period(opened: Opened) -> None:
    asked: list[str] = []

    async def find_bases(asks: Sequence[Ask]) -> list[Base]:
        asked.extend(ask.meter for ask in asks)
        await asyncio.sleep(0)
        return [Base(ask.meter, 7, 7, ask.ends_at) for ask in asks]

    gate = a_gate(a_rule())
    gate.asker = Asker(MemoryMeters(), local=MemoryMeters(), find_bases=find_bases)
    requests = [admitted(gate, opened.exchange(number)) for number in range(5)]
    results = await asyncio.gather(*requests, return_exceptions=True)
    assert len(asked) == 1
    assert sum(isinstance(result, LimitReachedError) for result in results) == 2


async def test_meters_that_are_away_leave_the_choice_to_each_limit(opened: Opened) -> None:
    gate = a_gate(a_rule(amount=0, on_outage=OnOutage.OPEN), meters=AwayMeters())
    await admitted(gate, opened.exchange())
    gate = a_gate(a_rule(on_outage=OnOutage.CLOSED), meters=AwayMeters())
    with pytest.raises(LimitsUnavailableError):
        await admitted(gate, opened.exchange(2))
    closed = a_rule(on_outage=OnOutage.CLOSED, mode=Mode.SHADOW)
    await admitted(a_gate(closed, meters=AwayMeters()), opened.exchange(3))


async def test_what_a_worker_counts_alone_counts_afterwards(opened: Opened) -> None:
    meters = AwayMeters()
    gate = a_gate(a_rule(amount=3), meters=meters)
    exchanges = [opened.exchange(number) for number in range(3)]
    for exchange in exchanges:
        await admitted(gate, exchange)
        end(gate, exchange)
    with pytest.raises(LimitReachedError):
        await admitted(gate, opened.exchange(4))
    meters.away = False
    gate.book = Book([a_rule(amount=5)])
    assert await used(gate, opened.exchange(5)) == [4]


async def test_a_database_that_is_away_leaves_the_choice_to_each_limit(opened: Opened) -> None:
    rules = [
        a_rule(id=1, amount=2),
        a_rule(id=2, window=Window.MINUTE),
        a_rule(id=3, amount=0, on_outage=OnOutage.OPEN),
    ]
    gate = a_gate(*rules)
    gate.asker = Asker(MemoryMeters(), local=MemoryMeters(), find_bases=no_database)
    for number in range(2):
        await admitted(gate, opened.exchange(number))
    with pytest.raises(LimitReachedError):
        await admitted(gate, opened.exchange(3))
    gate.book = Book([a_rule(on_outage=OnOutage.CLOSED)])
    with pytest.raises(LimitsUnavailableError):
        await admitted(gate, opened.exchange(4))


async def test_what_the_meters_of_a_worker_alone_hold_is_settled_there(opened: Opened) -> None:
    day = a_rule(id=1, metric=Metric.TOKENS, amount=10_000)
    gate = a_gate(day, a_rule(id=2, window=Window.MINUTE))
    local = MemoryMeters()
    gate.asker = Asker(MemoryMeters(), local=local, find_bases=no_database)
    exchange = opened.exchange()
    await admitted(gate, exchange, chat(input_tokens=1000, output_tokens=2000))
    (ask,) = [hold.ask for hold in gate.holds(exchange, [matched_of(gate, day)], ONE_REQUEST)]
    (before,) = await local.read([ask])
    end(gate, exchange, prompt=10, completion=20)
    (after,) = await local.read([ask])
    assert (before.used, after.used) == (3000, 30)


async def test_a_client_that_leaves_while_it_is_asked_holds_nothing(opened: Opened) -> None:
    class SlowMeters(MemoryMeters):
        async def take(self, reservation: str, asks: Sequence[Ask]) -> object:
            taken = await super().take(reservation, asks)
            if reservation == "req_1":
                await asyncio.sleep(60)
            return taken

    gate = a_gate(a_rule(amount=1, window=Window.HOUR), meters=SlowMeters())
    exchange = opened.exchange()
    task = asyncio.create_task(admitted(gate, exchange))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    gate.settle(exchange, UsageRecord.of(exchange))
    await admitted(gate, opened.exchange(2))
