from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.conf import settings

from limits.admission.admissions import Reservation
from limits.admission.asked_for import EVERYTHING
from limits.admission.asking import Asker
from limits.admission.gate import Gate
from limits.admission.upstreams import UpstreamLimits, told_use
from limits.book import Book
from limits.choices import Metric, SubjectKind, Window
from limits.counting.live_prices import Used
from limits.demand import Demand
from limits.meters.interface import Meters
from limits.meters.memory import MemoryMeters
from limits.quantities import Quantities
from limits.refusals import LimitReachedError, NeverFitsError
from limits.rule import Rule
from tests.limits.admission.test_gate import nothing_used
from tests.limits.redis_store import running
from tests.limits.rules import a_rule
from tests.support.builders import a_target, an_exchange
from usage.attempts import Attempt
from usage.exchange import Exchange
from usage.in_flight import in_flight
from usage.record import UsageRecord
from wire_formats.token_counts import Tokens

TARGET = a_target()


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    yield
    for exchange in list(in_flight):
        in_flight.close(exchange)


def of_key(**fields: object) -> Rule:
    usual = {
        "subject_kind": SubjectKind.CONNECTION_KEY,
        "subject_id": "key",
        "amount": 3,
        "window": Window.HOUR,
    }
    return a_rule(**(usual | fields))


class Worker:
    def __init__(self, *rules: Rule, meters: Meters | None = None) -> None:
        self.gate = Gate()
        self.gate.book = Book(rules)
        own = MemoryMeters() if meters is None else meters
        self.gate.asker = Asker(own, local=MemoryMeters(), find_bases=nothing_used)
        self.limits = UpstreamLimits(self.gate)

    async def reserve(self, exchange: Exchange, demand: Demand = Demand(10, 20), **more: object):  # noqa: B008 - a value
        async def asked() -> Demand:
            return demand

        wanted = self.limits.matched(exchange, TARGET, "key", EVERYTHING)
        return await self.limits.reserve(exchange, TARGET, wanted, asked, **more)

    async def fitting(self, number: int) -> int:
        """How many of so many attempts have room."""
        results = await asyncio.gather(
            *(self.reserve(opened()) for _ in range(number)), return_exceptions=True
        )
        return sum(isinstance(result, Reservation) for result in results)

    def end(self, exchange: Exchange, prompt: int = 5, completion: int = 6) -> None:
        exchange.status = 200
        exchange.attempts.append(Attempt("one", "gpt-4o"))
        exchange.tokens.prompt, exchange.tokens.completion = prompt, completion
        self.gate.settle(exchange, UsageRecord.of(exchange))


def opened() -> Exchange:
    exchange = an_exchange(request_id=f"req_{uuid4().hex}")
    in_flight.open(exchange)
    return exchange


async def reading(worker: Worker, reservation) -> int:
    [held] = reservation.held.values()
    [found] = await worker.gate.meters.read([held.ask])
    return found.used


async def test_two_workers_share_the_limit_of_a_key(redis_server) -> None:
    rule = of_key(id=10**9 + uuid4().int % 10**8, amount=3)
    async with running(settings.REDIS_URL) as own, running(settings.REDIS_URL) as others:
        one, other = Worker(rule, meters=own), Worker(rule, meters=others)
        found = await asyncio.gather(one.fitting(10), other.fitting(10))
    assert sum(found) == 3


async def test_the_last_attempt_is_settled_by_the_record_of_its_request() -> None:
    worker, exchange = Worker(of_key(metric=Metric.TOKENS, amount=1000)), opened()
    reservation = await worker.reserve(exchange)
    assert await reading(worker, reservation) == 30
    worker.end(exchange)
    assert await reading(worker, reservation) == 11
    assert len(worker.limits) == 0


async def test_a_failed_attempt_counts_what_its_upstream_told() -> None:
    worker, exchange = Worker(of_key(metric=Metric.TOKENS, amount=1000)), opened()
    reservation = await worker.reserve(exchange)
    used = told_use(Tokens(prompt=7, completion=1), is_sent=True)
    for _ in range(2):
        worker.limits.release(exchange, reservation, used)
    assert await reading(worker, reservation) == 8


async def test_an_attempt_that_was_ended_counts_what_is_likely() -> None:
    worker, exchange = Worker(of_key(metric=Metric.TOKENS, amount=1000)), opened()
    reservation = await worker.reserve(exchange)
    worker.limits.release(exchange, reservation, None)
    assert await reading(worker, reservation) == 30


async def test_periods_are_settled_under_the_id_of_the_request() -> None:
    worker, exchange = (
        Worker(of_key(window=Window.DAY, metric=Metric.TOKENS, amount=1000)),
        opened(),
    )
    reservation = await worker.reserve(exchange)
    [held] = reservation.held.values()
    assert exchange.limit_marks == [held.mark]
    worker.end(exchange)
    assert await reading(worker, reservation) == 11


async def test_a_period_is_given_back_by_an_attempt_that_failed() -> None:
    worker, exchange = (
        Worker(of_key(window=Window.DAY, metric=Metric.TOKENS, amount=1000)),
        opened(),
    )
    reservation = await worker.reserve(exchange)
    worker.limits.release(exchange, reservation, Used(Quantities(1, 7, 1), is_priced=True))
    assert exchange.limit_marks == []
    worker.end(exchange)
    assert await reading(worker, reservation) == 0


async def test_a_mark_stays_while_another_attempt_counts_towards_it() -> None:
    worker, exchange = Worker(of_key(window=Window.DAY, amount=9)), opened()
    first, second = await worker.reserve(exchange), await worker.reserve(exchange)
    worker.limits.release(exchange, first, None)
    assert len(exchange.limit_marks) == 1
    worker.limits.release(exchange, second, None)
    assert exchange.limit_marks == []


async def test_an_attempt_whose_client_has_left_holds_nothing() -> None:
    worker = Worker(of_key(metric=Metric.CONCURRENCY, window=Window.NONE))
    reservation = await worker.reserve(an_exchange(request_id="req_gone"))
    assert await reading(worker, reservation) == 0
    assert len(worker.limits) == 0


async def test_no_output_is_cut_for_a_limit_of_an_upstream() -> None:
    worker = Worker(of_key(metric=Metric.TOKENS, amount=1100))
    unbounded = Demand(input_tokens=10)  # 1,024 tokens of output are likely
    await worker.reserve(opened(), unbounded)
    with pytest.raises(LimitReachedError):
        await worker.reserve(opened(), unbounded)


async def test_an_output_that_is_cut_for_its_caller_is_reserved_as_that() -> None:
    worker = Worker(of_key(metric=Metric.TOKENS, amount=100))
    with pytest.raises(NeverFitsError):
        await worker.reserve(opened(), Demand(input_tokens=10))
    reservation = await worker.reserve(opened(), Demand(input_tokens=10), output_cap=50)
    assert await reading(worker, reservation) == 60


async def test_limits_are_looked_up_by_every_name_of_a_model() -> None:
    worker = Worker(of_key(models=("one/gpt-*",)), of_key(id=2, models=("other",)))
    found = worker.limits.matched(an_exchange(), TARGET, "key", EVERYTHING)
    assert [each.rule.id for each in found] == [1]
    assert not worker.limits.matched(an_exchange(), TARGET, None, EVERYTHING)


async def test_a_request_that_took_one_step_settles_its_attempts_too() -> None:
    per_minute = a_rule(id=2, window=Window.MINUTE, amount=1000)
    worker, exchange = Worker(of_key(metric=Metric.TOKENS, amount=10**6), per_minute), opened()
    told = worker.gate.admit_in_one_step(exchange, [TARGET], lambda: Demand(10, 20))
    assert told is not None
    reservation = await worker.reserve(exchange)
    worker.end(exchange)
    assert await reading(worker, reservation) == 11
    assert (len(worker.limits), worker.gate.running) == (0, 0)
