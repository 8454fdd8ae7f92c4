"""The steps of a request: what is waited for, and for how long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from connections.calling.client import UpstreamClient
from limits.admission.asking import Asker
from limits.admission.gate import gate
from limits.admission.upstreams import upstream_limits
from limits.book import Book
from limits.choices import Metric, SubjectKind, Window
from limits.demand import Demand
from limits.meters.memory import MemoryMeters
from limits.rule import Rule
from models_registry.targets import Target
from proxy.answering.attempting import Asking
from proxy.answering.ended import ended_by
from proxy.answering.shapes import Shape
from proxy.answering.steps import Steps
from proxy.answering.walk import Walk
from resilience.budget import retry_budgets
from resilience.policy import Policy
from resilience.route import NO_ROUTE
from resilience.verdict import Next
from tests.limits.admission.test_gate import nothing_used
from tests.limits.rules import a_rule
from tests.support.builders import a_call, a_target, an_exchange, an_upstream
from usage.exchange import Exchange
from usage.in_flight import in_flight
from usage.record import UsageRecord
from wire_formats.errors import UnsendableError


def of_slots(number: int = 1, **fields: object) -> Rule:
    usual = {
        "id": number,
        "subject_kind": SubjectKind.CONNECTION,
        "subject_id": str(number),
        "metric": Metric.CONCURRENCY,
        "amount": 1,
        "window": Window.NONE,
    }
    return a_rule(**(usual | fields))


def target(*secrets: str, number: int = 1) -> Target:
    return a_target(an_upstream(f"c{number}", secrets=secrets, id=number))


def settle(exchange: Exchange) -> None:
    gate.settle(exchange, UsageRecord.of(exchange))


@pytest.fixture
def limited() -> Iterator[Callable[..., None]]:
    """Sets the rules that hold."""

    def use(*rules: Rule) -> None:
        gate.book = Book(rules)
        gate.asker = Asker(MemoryMeters(), local=MemoryMeters(), find_bases=nothing_used)

    before = gate.book
    in_flight.on_close(settle)
    yield use
    for exchange in list(in_flight):
        in_flight.close(exchange)
    in_flight.forget(settle)
    gate.book = before
    gate.use(MemoryMeters())


class Bench:
    """Steps of one request, and how long they were said to pause."""

    def __init__(
        self,
        name: str,
        *of: Target,
        patience: float = 20.0,
        seconds: float = 60.0,
        demand: Demand = Demand(10, 20),  # noqa: B008 - a value
    ) -> None:
        self.exchange = an_exchange(request_id=name)
        self.paused: list[float] = []
        in_flight.open(self.exchange)
        asking = Asking(
            client=UpstreamClient(httpx.MockTransport(lambda _: httpx.Response(200))),
            exchange=self.exchange,
            call_for=lambda _: a_call(),
            shape=Shape.ANSWER,
            forward_user_info=False,
            is_long=False,
        )
        self.steps = Steps(
            Walk(of, NO_ROUTE),
            asking,
            lambda: demand,
            policy=Policy(patience_seconds=patience),
            ends_at=time.monotonic() + seconds,
            pause=self._pause,
        )

    async def _pause(self, seconds: float) -> None:
        self.paused.append(seconds)

    def end(self) -> None:
        in_flight.close(self.exchange)


async def waits(number: int) -> None:
    """Return once ``number`` requests wait for limits of upstreams."""
    async with asyncio.timeout(30):
        while len(upstream_limits.queue) != number:  # noqa: ASYNC110 - there is no event of it
            await asyncio.sleep(0)


async def test_a_full_connection_is_waited_for_in_the_order_of_arrival(limited) -> None:
    limited(of_slots())
    one = target("a")
    first, second, third = (Bench(name, one) for name in ("1", "2", "3"))
    assert await first.steps.first() is not None
    tasks = []
    for number, bench in enumerate((second, third), 1):
        tasks.append(asyncio.create_task(bench.steps.first()))
        await waits(number)
    first.end()
    step = await tasks[0]
    assert step is not None
    assert step.what == "waited"
    assert not tasks[1].done()
    second.end()
    assert await tasks[1] is not None
    assert second.paused == []
    assert second.exchange.queued_seconds > 0


async def test_a_newcomer_does_not_overtake_what_waits(limited) -> None:
    limited(of_slots())
    one = target("a")
    first, second, third = (Bench(name, one) for name in ("1", "2", "3"))
    await first.steps.first()
    task = asyncio.create_task(second.steps.first())
    await waits(1)
    first.end()
    newcomer = asyncio.create_task(third.steps.first())
    assert await task is not None
    await waits(1)
    second.end()
    assert await newcomer is not None


@pytest.mark.parametrize("limit", [{"patience": 0.05}, {"seconds": 0.05}])
async def test_no_wait_is_longer_than_the_patience_and_the_deadline(limited, limit) -> None:
    limited(of_slots())
    one = target("a")
    first = Bench("1", one)
    await first.steps.first()
    second = Bench("2", one, **limit)
    assert await second.steps.first() is None
    assert second.steps.walk.available_in() is not None
    first.end()


async def test_the_target_that_is_free_first_is_taken(limited) -> None:
    limited(of_slots(1), of_slots(2))
    both = target("a"), target("b", number=2)
    first, second, third = (Bench(name, *both) for name in ("1", "2", "3"))
    assert (await first.steps.first()).target is both[0]
    assert (await second.steps.first()).target is both[1]
    task = asyncio.create_task(third.steps.first())
    await waits(1)
    second.end()
    async with asyncio.timeout(30):
        step = await task
    assert step.target is both[1]


async def test_a_limit_that_ends_too_late_is_not_waited_for(limited) -> None:
    limited(of_slots(metric=Metric.TOKENS, window=Window.HOUR, amount=100))
    one = target("a")
    first = Bench("1", one, demand=Demand(50, 40))
    assert await first.steps.first() is not None
    second = Bench("2", one, demand=Demand(50, 40))
    assert await second.steps.first() is None
    assert second.exchange.queued_seconds == 0
    assert second.steps.walk.available_in() == pytest.approx(80 * 36, rel=0.1)


async def test_a_failed_attempt_frees_its_place_for_the_same_request(limited) -> None:
    limited(of_slots())
    bench = Bench("1", target("a", "b"))
    step = await bench.steps.first()
    bench.steps.shaping.failed(step, ended_by(UnsendableError("no such form")))
    other = await bench.steps.after(step, Next.OTHER_KEY)
    assert other.key.secret == "b"
    assert bench.exchange.queued_seconds == 0


async def test_a_hedge_without_room_is_not_made_and_costs_nothing(limited) -> None:
    limited(of_slots(2))
    both = target("a"), target("b", number=2)
    busy = Bench("1", both[1])
    await busy.steps.first()
    bench = Bench("2", *both)
    step = await bench.steps.first()
    before = spendable(1)
    assert await bench.steps.beside(step) is None
    assert spendable(1) == before
    busy.end()
    assert (await bench.steps.beside(step)) is None  # it was tried
    bench = Bench("3", *both)
    step = await bench.steps.first()
    assert (await bench.steps.beside(step)).target is both[1]


def spendable(connection: int) -> int:
    """How many retries the connection has left."""
    budget, number = retry_budgets.of(connection), 0
    while budget.spend():
        number += 1
    for _ in range(number):
        budget.give_back()
    return number
