"""One step through the limits comes to what weighing in full comes to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limits.admission.asked_for import EVERYTHING, FREE
from limits.admission.asking import Asker
from limits.admission.gate import Gate
from limits.book import Book
from limits.choices import Metric, Mode, Unpriced, Window
from limits.counting.live_prices import LivePrices
from limits.demand import Demand
from limits.meters.interface import Ask, Base
from limits.meters.memory import MemoryMeters
from limits.reading.own_use import question
from limits.refusals import LimitError, UnpricedModelError
from limits.rule import Rule
from tests.limits.rules import a_rule
from tests.support.builders import a_target, an_exchange
from usage.attempts import Attempt
from usage.exchange import Exchange
from usage.in_flight import in_flight
from usage.models import Price
from usage.pricing import Pricing
from usage.record import UsageRecord

TARGET = a_target()
OTHER = a_target(model="gpt-4o-mini")
NOW = datetime(2026, 3, 14, 12, tzinfo=UTC).timestamp()
CHAT = "chat/completions"


class Worker:
    """A gate in a time of its own, whose requests take one step if they can."""

    is_careful = False

    def __init__(self, *rules: Rule) -> None:
        self.at = NOW
        price = Price(
            model="gpt-*",
            input_per_million=Decimal(1),
            output_per_million=Decimal(2),
            valid_from=datetime(2020, 1, 1, tzinfo=UTC),
        )
        prices = LivePrices(lambda: Pricing([price], {}, saves=False))
        self.gate = Gate(prices=prices, clock=self.now)
        self.gate.book = Book(rules)
        meters, local = MemoryMeters(self.now), MemoryMeters(self.now)
        self.gate.asker = Asker(meters, local=local, find_bases=nothing_used)
        self.exchanges: dict[str, Exchange] = {}

    def now(self) -> float:
        return self.at

    async def admit(
        self, name: str, demand: Demand, metrics: frozenset[Metric] = EVERYTHING
    ) -> list[object]:
        """What is said to the request, and to its client."""
        exchange = self.exchanges.get(name)
        if exchange is None:
            request_id = f"{name}.{type(self).__name__}"
            exchange = an_exchange(request_id=request_id, accepted_at=self.at)
            self.exchanges[name] = exchange
            in_flight.open(exchange)
        asked = exchange, [TARGET], lambda: demand, metrics
        try:
            told = None if self.is_careful else self.gate.admit_in_one_step(*asked)
            if told is None:
                admission = await self.gate.admit(*asked)
                told, cap = admission[:2], admission.output_cap
            else:
                cap = None
        except LimitError as exc:
            return [type(exc), exc.rule.id, exc.reading]
        rules, readings = told
        return [[rule.id for rule in rules], [*map(tuple, readings)], cap, exchange.limit_marks]

    async def extend(self, name: str, demand: Demand) -> list[object]:
        exchange = self.exchanges.get(name)
        if exchange is None:
            return []
        try:
            said = await self.gate.extend(exchange, "gpt-4o-mini", [OTHER], lambda: demand)
        except LimitError as exc:
            return [type(exc), exc.rule.id, exc.reading]
        return [[rule.id for rule in said.rules], [*map(tuple, said.readings)], said.output_cap]

    def end(self, name: str, prompt: int, completion: int | None, *, model: str = "gpt-4o") -> None:
        exchange = self.exchanges.pop(name, None)
        if exchange is None:
            return
        exchange.connection, exchange.upstream_model, exchange.status = "one", model, 200
        exchange.attempts.append(Attempt(connection="one", model=model))
        exchange.tokens.prompt, exchange.tokens.completion = prompt, completion
        in_flight.close(exchange)
        self.gate.settle(exchange, UsageRecord.of(exchange))

    async def used(self) -> list[object]:
        found = self.gate.book.meters_for(an_exchange().caller, "gpt-4o", CHAT)
        return [*await self.gate.meters.read([question(each, self.at) for each in found])]


class CarefulWorker(Worker):
    """All of its requests are weighed in full."""

    is_careful = True


async def nothing_used(asks: list[Ask]) -> list[Base]:
    return [Base(ask.meter, 0, 0, ask.ends_at) for ask in asks]


@pytest.fixture(autouse=True)
def _nothing_runs() -> Iterator[None]:
    yield
    for exchange in list(in_flight):
        in_flight.close(exchange)


amounts = st.sampled_from([3000, 100_000, 10**7, 10**9])  # tokens; most are far away
rules = st.tuples(
    st.builds(
        a_rule, id=st.just(1), amount=st.sampled_from([3, 1000]), window=st.just(Window.MINUTE)
    ),
    st.builds(
        a_rule,
        id=st.just(2),
        metric=st.sampled_from([Metric.TOKENS, Metric.OUTPUT_TOKENS]),
        amount=amounts,
        window=st.sampled_from([Window.MINUTE, Window.DAY]),
        clamps=st.booleans(),
        mode=st.sampled_from([Mode.ENFORCE, Mode.ENFORCE, Mode.WARN]),
    ),
    st.builds(
        a_rule,
        id=st.just(3),
        metric=st.just(Metric.USD),
        amount=amounts.map(lambda amount: amount * 2000),
        clamps=st.booleans(),
    ),
    st.just(a_rule(id=4, metric=Metric.CONCURRENCY, amount=4, window=Window.NONE)),
    st.just(a_rule(id=5, models=("gpt-4o-mini",), amount=2)),
)
demands = st.builds(
    Demand,
    input_tokens=st.integers(0, 300),
    output_tokens=st.sampled_from([None, None, 0, 50, 400, 10**20]),  # beyond all prices
)
steps = st.tuples(
    st.sampled_from(["a", "b", "c", "d", "e"]),  # requests
    st.sampled_from(["admit", "admit", "admit", "free first", "extend", "end", "end"]),
    demands,
    st.sampled_from([None, 0, 30, 500]),  # tokens of output
    st.floats(0, 20),  # seconds before it
)


@settings(max_examples=150, deadline=None)
@given(rules, st.lists(steps, max_size=25), st.booleans())
async def test_both_ways_come_to_the_same(limits, walk, are_outputs_known) -> None:
    workers = quick, careful = Worker(*limits), CarefulWorker(*limits)
    for worker in workers:
        await worker.admit("known", Demand(1, 1))  # the periods, from now on
        worker.end("known", 1, 1)
        for _ in range(8 if are_outputs_known else 0):
            worker.gate.lengths.note(an_exchange().caller.user_id, "gpt-4o", 30)
    for name, what, demand, output, seconds in walk:
        said = []
        for worker in workers:
            worker.at += seconds
            if what == "end":
                worker.end(name, demand.input_tokens, output)
            elif what == "extend":
                said.append(await worker.extend(name, demand))
            else:
                metrics = FREE if what == "free first" else EVERYTHING
                said.append(await worker.admit(name, demand, metrics))
            said.append(await worker.used())
        half = len(said) // 2
        assert said[:half] == said[half:]
        assert quick.gate.running == careful.gate.running
    for worker in workers:
        for exchange in [*worker.exchanges.values()]:
            in_flight.close(exchange)


def running(name: str, accepted_at: float = NOW, **fields: object) -> Exchange:
    exchange = an_exchange(request_id=name, accepted_at=accepted_at, **fields)
    in_flight.open(exchange)
    return exchange


async def a_day_of_tokens(**fields: object) -> Worker:
    """A worker whose caller has much left of a day, which is known."""
    worker = Worker(a_rule(metric=Metric.TOKENS, amount=10**6, **fields))
    await worker.admit("known", Demand(1, 1))
    worker.end("known", 0, 0)
    return worker


async def test_far_from_its_limits_a_request_takes_one_step() -> None:
    worker = await a_day_of_tokens()
    exchange = an_exchange(accepted_at=NOW)
    in_flight.open(exchange)
    told = worker.gate.admit_in_one_step(exchange, [TARGET], lambda: Demand(100, 50))
    assert told is not None
    (rule,), ((_, amount, used, *_),) = told
    assert (rule.id, amount, used) == (1, 10**6, 150)
    assert worker.gate.running == 1
    assert worker.gate.admit_in_one_step(exchange, [TARGET], lambda: Demand(100, 50)) is None


async def test_a_request_whose_client_has_left_takes_nothing_in_one_step() -> None:
    worker = await a_day_of_tokens()
    left = an_exchange(request_id="left", accepted_at=NOW)
    assert worker.gate.admit_in_one_step(left, [TARGET], lambda: Demand(1)) is None
    assert worker.gate.running == 0


async def test_a_request_that_goes_on_after_its_answer_is_weighed_in_full() -> None:
    worker = await a_day_of_tokens()
    detached = Demand(1, is_detached=True)
    assert worker.gate.admit_in_one_step(running("a"), [TARGET], lambda: detached) is None
    assert worker.gate.running == 0


async def test_a_request_without_limits_is_told_nothing() -> None:
    worker = Worker(a_rule(models=("other",)))
    assert worker.gate.admit_in_one_step(running("a"), [TARGET], lambda: Demand(1)) == ((), ())
    assert worker.gate.running == 0


async def test_a_request_counts_towards_the_day_of_its_acceptance() -> None:
    worker = Worker(a_rule(amount=1000))
    midnight = NOW + 12 * 3600
    for name, at in (("yesterday", midnight - 1), ("today", midnight)):
        worker.at = at
        await worker.admit(name, Demand(1, 1))
    late = running("late", accepted_at=midnight - 1)
    assert worker.gate.admit_in_one_step(late, [TARGET], lambda: Demand(1, 1)) is not None
    assert late.limit_marks == worker.exchanges["yesterday"].limit_marks


async def test_a_period_is_marked_once() -> None:
    worker = Worker(a_rule(amount=1000))
    await worker.admit("known", Demand(1, 1))
    marks = worker.exchanges["known"].limit_marks
    exchange = running("a")
    exchange.limit_marks.extend(marks)
    assert worker.gate.admit_in_one_step(exchange, [TARGET], lambda: Demand(1)) is not None
    assert exchange.limit_marks == marks


@pytest.mark.parametrize("clamps", [(True, True), (True, False)])
async def test_a_guess_at_an_output_that_nothing_bounds_is_held_as_it_is(clamps) -> None:
    metrics = Metric.TOKENS, Metric.OUTPUT_TOKENS
    worker = Worker(
        *(
            a_rule(id=number, metric=metric, amount=10**6, clamps=each)
            for number, (metric, each) in enumerate(zip(metrics, clamps, strict=True))
        )
    )
    await worker.admit("known", Demand(1, 1))
    worker.end("known", 0, 0)
    exchange = running("a", endpoint="embeddings")
    for _ in range(8):
        worker.gate.lengths.note(exchange.caller.user_id, "gpt-4o", 30)
    told = worker.gate.admit_in_one_step(exchange, [TARGET], lambda: Demand(100))
    assert told is not None
    held = [(used, claimed) for _, _, used, _, _, _, _, claimed in told[1]]
    assert held == [(132, 132), (32, 32)]


async def test_a_fallback_is_told_of_each_limit_once() -> None:
    worker = await a_day_of_tokens()
    await worker.admit("a", Demand(1, 1))
    said = await worker.extend("a", Demand(100, 100))
    assert said[0] == [1]


async def test_what_has_no_price_in_the_end_counts_as_the_limit_assumes() -> None:
    worker = Worker(
        a_rule(
            metric=Metric.USD,
            amount=10**9,
            unpriced=Unpriced.ASSUME,
            assumed_nanodollars_per_token=10,
        )
    )
    await worker.admit("known", Demand(1, 1))
    worker.end("known", 0, 0)
    exchange = running("a")
    assert worker.gate.admit_in_one_step(exchange, [TARGET], lambda: Demand(100, 50)) is not None
    exchange.model = "unheard-of"
    worker.exchanges["a"] = exchange
    worker.end("a", 100, 50, model="unheard-of")
    assert [reading.used for reading in await worker.used()] == [1500]


async def test_what_was_said_in_one_step_is_said_again_to_a_second_question() -> None:
    worker = await a_day_of_tokens()
    first = await worker.admit("a", Demand(100, 50))
    assert await worker.admit("a", Demand(100, 50)) == first
    worker.end("a", 100, 20)
    assert [reading.used for reading in await worker.used()] == [120]
    assert worker.gate.running == 0


async def test_a_cost_beyond_all_measure_is_not_for_one_step() -> None:
    worker = Worker(a_rule(metric=Metric.USD, amount=10**18))
    await worker.admit("known", Demand(1, 1))
    exchange = an_exchange(accepted_at=NOW)
    in_flight.open(exchange)
    assert worker.gate.admit_in_one_step(exchange, [TARGET], lambda: Demand(1, 10**20)) is None
    assert (await worker.admit("a", Demand(1, 10**20)))[0] is UnpricedModelError
