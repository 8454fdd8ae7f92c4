"""Limits of connections and of their keys shape what upstreams are sent."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count

import httpx
import pytest

from connections.call import Call
from connections.calling.client import UpstreamClient
from limits.admission.asking import Asker
from limits.admission.expected import ONE_REQUEST
from limits.admission.gate import gate
from limits.admission.upstreams import upstream_limits
from limits.book import Book
from limits.choices import Metric, SubjectKind, Window
from limits.demand import Demand
from limits.meters.interface import Base
from limits.meters.memory import MemoryMeters
from limits.refusals import LimitReachedError
from limits.rule import Rule
from models_registry.targets import Target
from proxy.answering.attempting import Asking
from proxy.answering.candidates import Candidates
from proxy.answering.dispatch import dispatch
from proxy.answering.dispatched import Dispatched
from proxy.answering.shapes import Shape
from proxy.answering.shaping import Shaping
from proxy.answering.walk import OWN_LIMIT, Step
from proxy.client_side.errors import AllTargetsCoolingError, ApiError, UpstreamUnavailableError
from resilience.policy import Ambiguous, Policy
from resilience.route import NO_ROUTE, Route
from resilience.states import states
from tests.limits.admission.test_gate import AwayMeters, nothing_used
from tests.limits.rules import a_rule
from tests.support.builders import a_call, a_target, an_exchange, an_upstream
from usage.exchange import Exchange
from usage.in_flight import in_flight
from usage.record import UsageRecord

AT_ONCE = Route(policy=Policy(patience_seconds=0.0))
PATIENT = Route(policy=Policy(patience_seconds=20.0))
numbers = count(1)


def ok() -> httpx.Response:
    usage = {"prompt_tokens": 10, "completion_tokens": 20}
    return httpx.Response(200, json={"choices": [], "usage": usage})


def failing(status: int) -> httpx.Response:
    return httpx.Response(status, json={"error": {"message": "No.", "code": ""}})


class Upstream:
    """Counts by key what it is asked, and how much at once at most. ``answer`` makes answers."""

    def __init__(self, answer: Callable[[str], httpx.Response] = lambda key: ok()) -> None:
        self._answer = answer
        self.asked: Counter[str] = Counter()
        self.running = self.most = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.asked[key] += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(0)
            await self.may_answer.wait()
            return self._answer(key)
        finally:
            self.running -= 1


def of_key(number: int = 0, connection: int = 1, **fields: object) -> Rule:
    usual = {
        "id": 100 + number,
        "subject_kind": SubjectKind.CONNECTION_KEY,
        "subject_id": f"c{connection}-{number}",
        "amount": 3,
        "window": Window.MINUTE,
    }
    return a_rule(**(usual | fields))


def of_connection(number: int = 1, **fields: object) -> Rule:
    usual = {
        "id": 200 + number,
        "subject_kind": SubjectKind.CONNECTION,
        "subject_id": str(number),
        "amount": 3,
        "window": Window.MINUTE,
    }
    return a_rule(**(usual | fields))


def of_slots(amount: int, **fields: object) -> Rule:
    return of_connection(metric=Metric.CONCURRENCY, amount=amount, window=Window.NONE, **fields)


def target(*keys: str, number: int = 1, **fields: object) -> Target:
    return a_target(an_upstream(f"c{number}", secrets=keys, id=number, **fields))


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
    assert len(upstream_limits.queue) == 0
    assert len(upstream_limits) == 0
    gate.book = before
    gate.use(MemoryMeters())


async def begun(
    upstream: Upstream,
    *of: Target,
    route: Route = NO_ROUTE,
    exchange: Exchange | None = None,
    demand: Demand = Demand(input_tokens=10, output_tokens=20),  # noqa: B008 - a value
    call: Call | None = None,
) -> tuple[Exchange, Dispatched]:
    exchange = exchange or an_exchange(request_id=f"req_{next(numbers)}")
    in_flight.open(exchange)
    dispatched = await dispatch(
        UpstreamClient(httpx.MockTransport(upstream)),
        Candidates(
            targets=of,
            call_for=lambda _: call or a_call({"model": "m", "messages": []}),
            route=route,
            demand=lambda: demand,
        ),
        exchange=exchange,
    )
    return exchange, dispatched


async def asked(upstream: Upstream, *of: Target, **more: object) -> Exchange:
    """A request from its admission to its record."""
    exchange = more.setdefault("exchange", an_exchange(request_id=f"req_{next(numbers)}"))
    try:
        await begun(upstream, *of, **more)
        exchange.status = 200
        exchange.tokens.prompt, exchange.tokens.completion = 10, 20
    finally:
        in_flight.close(exchange)
    return exchange


async def used(rule: Rule, *, key: str | None = None, of: Target | None = None) -> int:
    """What is used of a limit."""
    of = of or target("k1", "k2")
    exchange = an_exchange(request_id="req_looks")
    wanted = upstream_limits.matched(exchange, of, key, frozenset({rule.metric}))
    [hold] = gate.holds(exchange, wanted, ONE_REQUEST)
    [reading] = await gate.meters.read([hold.ask])
    return reading.used


async def test_what_starts_no_work_meets_no_limit_of_its_upstream_and_uses_none(limited) -> None:
    """Such as the end of a response that is made there."""
    rules = of_connection(amount=0), of_slots(0, id=9), a_rule(id=5, amount=0)
    limited(*rules)
    upstream = Upstream()
    exchange = an_exchange(request_id="req_cancels", requests=0)
    await asked(upstream, target("k1"), exchange=exchange, route=AT_ONCE)
    assert upstream.asked == {"k1": 1}
    assert exchange.limit_marks == []


async def test_each_key_gets_as_many_requests_as_its_limit_says(limited) -> None:
    limited(of_key(0), of_key(1))
    upstream, two = Upstream(), target("k1", "k2")
    for _ in range(6):
        await asked(upstream, two, route=AT_ONCE)
    assert upstream.asked == {"k1": 3, "k2": 3}
    with pytest.raises(AllTargetsCoolingError) as caught:
        await asked(upstream, two, route=AT_ONCE)
    assert caught.value.status == 503
    assert 1 <= int(caught.value.headers["retry-after"]) <= 21
    assert upstream.asked == {"k1": 3, "k2": 3}


async def test_a_key_that_is_used_up_rests_for_the_model_and_says_why(limited) -> None:
    limited(of_key(0, amount=1))
    upstream, one = Upstream(), target("k1", "k2")
    for _ in range(4):
        await asked(upstream, one, route=AT_ONCE)
    assert upstream.asked == {"k1": 1, "k2": 3}
    [report] = [each for each in one.connection.keys.reports() if each.reason]
    assert (report.model, report.reason) == ("gpt-4o", OWN_LIMIT)
    assert report.seconds == pytest.approx(30, abs=1)


async def test_a_skipped_step_is_no_attempt_and_costs_no_retry(limited) -> None:
    limited(of_key(0, amount=0, metric=Metric.TOKENS), of_connection(2))
    upstream, first, second = Upstream(), target("k1"), target("k2", number=2)
    for _ in range(3):
        exchange = await asked(upstream, first, second, route=AT_ONCE)
        assert [each.connection for each in exchange.attempts] == ["c2"]
    assert upstream.asked == {"k2": 3}


async def test_a_small_request_fits_where_a_large_one_did_not(limited) -> None:
    limited(of_key(0, metric=Metric.TOKENS, amount=100))
    upstream, one, large = Upstream(), target("k1", "k2"), Demand(60, 40)
    await asked(upstream, one, route=AT_ONCE, demand=large)  # uses 30
    before = upstream.asked.copy()
    for _ in range(2):
        await asked(upstream, one, route=AT_ONCE, demand=large)
    assert (upstream.asked - before)["k2"] >= 1
    for _ in range(4):
        await asked(upstream, one, route=AT_ONCE)
    assert upstream.asked["k1"] >= 2
    assert all(not each.reason for each in one.connection.keys.reports())


async def test_a_target_without_keys_rests_itself(limited) -> None:
    limited(of_connection(1, amount=1))
    keyless = target(auth_type="none", keys=())
    other = target("k2", number=2)
    upstream = Upstream()
    for _ in range(3):
        await asked(upstream, keyless, other, route=AT_ONCE)
    assert upstream.asked == {"": 1, "k2": 2}
    assert states.of(keyless.key).reason == OWN_LIMIT
    with pytest.raises(AllTargetsCoolingError):
        await asked(upstream, keyless, route=AT_ONCE)


async def test_a_limit_of_a_connection_counts_all_of_its_keys(limited) -> None:
    limited(of_connection(1))
    upstream, two = Upstream(), target("k1", "k2")
    for _ in range(3):
        await asked(upstream, two, route=AT_ONCE)
    with pytest.raises(AllTargetsCoolingError):
        await asked(upstream, two, route=AT_ONCE)
    assert upstream.asked.total() == 3


async def test_nothing_rests_for_what_one_worker_may_use_of_a_limit(limited) -> None:
    limited(of_key(0, amount=3))
    gate.asker = Asker(AwayMeters(), local=MemoryMeters(), find_bases=nothing_used)
    upstream, two = Upstream(), target("k1", "k2")
    for _ in range(8):
        await asked(upstream, two, route=AT_ONCE)
    assert upstream.asked["k1"] == 3
    assert all(not each.reason for each in two.connection.keys.reports())


async def test_a_connection_runs_no_more_at_once_than_it_may(limited) -> None:
    limited(of_slots(2))
    upstream, one = Upstream(), target("k1")
    async with asyncio.timeout(60):
        ended = await asyncio.gather(*(asked(upstream, one, route=PATIENT) for _ in range(10)))
    assert (upstream.asked["k1"], upstream.most) == (10, 2)
    assert sum(exchange.queued_seconds > 0 for exchange in ended) == 8
    assert await used(of_slots(2)) == 0


async def test_without_patience_a_full_connection_refuses(limited) -> None:
    limited(of_slots(1))
    upstream, one = Upstream(), target("k1")
    exchange, _ = await begun(upstream, one)
    with pytest.raises(AllTargetsCoolingError) as caught:
        await asked(upstream, one, route=AT_ONCE)
    assert caught.value.headers["retry-after"] == "1"
    in_flight.close(exchange)
    await asked(upstream, one, route=AT_ONCE)


async def test_a_client_that_hangs_up_in_the_queue_frees_its_place(limited) -> None:
    limited(of_slots(1))
    upstream, one = Upstream(), target("k1")
    exchange, _ = await begun(upstream, one)
    leaving = asyncio.create_task(asked(upstream, one, route=PATIENT))
    staying = asyncio.create_task(asked(upstream, one, route=PATIENT))
    async with asyncio.timeout(30):
        while len(upstream_limits.queue) < 2:  # noqa: ASYNC110 - there is no event of it
            await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        assert len(upstream_limits.queue) == 1
        in_flight.close(exchange)
        await staying
    assert upstream.asked["k1"] == 2


async def test_an_answer_is_settled_by_its_record(limited) -> None:
    tokens = of_key(0, metric=Metric.TOKENS, amount=10_000)
    limited(tokens)
    began = time.time()  # a bucket refills while a slow test runs
    meters = MemoryMeters(lambda: began)
    gate.asker = Asker(meters, local=MemoryMeters(), find_bases=nothing_used)
    await asked(Upstream(), target("k1"), demand=Demand(input_tokens=1000, output_tokens=2000))
    assert await used(tokens, key="c1-0", of=target("k1")) == 30


async def test_a_failed_attempt_counts_as_a_request_and_frees_its_slot(limited) -> None:
    requests, slots = of_key(0, amount=9), of_slots(1)
    limited(requests, slots)
    answers = iter([failing(500), ok()])
    exchange = await asked(
        Upstream(lambda key: next(answers)),
        target("k1"),
        target("k2", number=2),
        route=Route(policy=Policy(ambiguous=Ambiguous.ALWAYS)),
    )
    assert len(exchange.attempts) == 2
    assert await used(requests, key="c1-0", of=target("k1")) == 1
    assert await used(slots, of=target("k1")) == 0


async def test_an_attempt_that_was_never_sent_counts_nothing(limited) -> None:
    requests = of_key(0, amount=9)
    limited(requests)

    def refuse(key: str) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(ApiError):
        await asked(Upstream(refuse), target("k1"), route=AT_ONCE)
    assert await used(requests, key="c1-0", of=target("k1")) == 0


async def test_only_the_attempt_that_answers_marks_its_period(limited) -> None:
    days = [
        of_connection(number, window=Window.DAY, metric=Metric.TOKENS, amount=10**6)
        for number in (1, 2)
    ]
    limited(*days)
    answers = iter([failing(500), ok()])
    exchange = await asked(
        Upstream(lambda key: next(answers)),
        target("k1"),
        target("k2", number=2),
        route=Route(policy=Policy(ambiguous=Ambiguous.ALWAYS)),
    )
    assert [mark.split(":")[0] for mark in exchange.limit_marks] == ["202"]
    assert [await used(day, of=target("k", number=n)) for n, day in enumerate(days, 1)] == [0, 30]


async def test_an_answer_that_tells_of_its_failure_is_settled_by_the_record(limited) -> None:
    day = of_connection(1, window=Window.DAY, metric=Metric.TOKENS, amount=10**6)
    limited(day)
    usage = {"prompt_tokens": 10, "completion_tokens": 20}
    told = {"object": "response", "status": "failed", "error": {"message": "No."}, "usage": usage}
    exchange = an_exchange(request_id="req_told", endpoint="responses")
    call = a_call({"model": "m", "input": "Hi"}, endpoint="responses")
    upstream = Upstream(lambda key: httpx.Response(200, json=told))
    await asked(upstream, target("k1"), exchange=exchange, call=call)
    assert len(exchange.limit_marks) == 1
    assert await used(day, of=target("k1")) == 30


async def test_what_is_stored_of_a_period_is_no_longer_pending(limited) -> None:
    day = of_connection(1, window=Window.DAY, metric=Metric.TOKENS, amount=10**6)
    limited(day)
    exchange = await asked(Upstream(), target("k1"))
    [mark] = exchange.limit_marks
    base = Base(f"{mark}:tokens", 30, 1, 9e9, (exchange.request_id,))
    gate.meters.flushed([base])
    assert await used(day, of=target("k1")) == 30


async def test_a_limit_that_no_request_fits_is_passed_over(limited, caplog) -> None:
    limited(of_key(0, metric=Metric.TOKENS, amount=5))
    with pytest.raises(UpstreamUnavailableError):
        await asked(Upstream(), target("k1"), route=AT_ONCE)
    other = Upstream()
    await asked(other, target("k1"), target("k2", number=2), route=AT_ONCE)
    assert other.asked == {"k2": 1}
    assert "The limit ten a day of an upstream is less than a request" in caplog.text


async def test_a_hedge_is_held_to_the_limits_of_its_target(limited) -> None:
    limited(of_slots(1), of_connection(2, amount=0))
    upstream = Upstream()
    upstream.may_answer.clear()
    route = Route(model="m", policy=Policy(hedges=True, hedge_after_seconds=0.01))
    task = asyncio.create_task(asked(upstream, target("k1"), target("k2", number=2), route=route))
    async with asyncio.timeout(30):
        while not upstream.asked:  # noqa: ASYNC110 - there is no event of it
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)  # a hedge would have begun by now
        upstream.may_answer.set()
        exchange = await task
    assert upstream.asked == {"k1": 1}
    assert len(exchange.attempts) == 1


async def test_a_socket_counts_as_a_request_alone(limited) -> None:
    limited(of_key(0, metric=Metric.TOKENS, amount=0), of_key(1))
    exchange = an_exchange()
    in_flight.open(exchange)
    asking = Asking(
        client=UpstreamClient(httpx.MockTransport(Upstream())),
        exchange=exchange,
        call_for=lambda _: a_call(),
        shape=Shape.SOCKET,
        forward_user_info=False,
        is_long=False,
    )
    two = target("k1", "k2")
    shaping = Shaping(asking, lambda: Demand(1000, 1000))
    steps = [Step(two, key) for key in two.connection.upstream.keys]
    assert [await shaping.take(step) for step in steps] == [None, None]
    asking.shape = Shape.ANSWER
    refused = await Shaping(asking, lambda: Demand(1000, 1000)).take(steps[0])
    assert isinstance(refused, LimitReachedError)
