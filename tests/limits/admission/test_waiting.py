from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import pytest

from limits.admission.asking import Asker
from limits.admission.expected import ONE_REQUEST
from limits.admission.fair_order import Priority
from limits.admission.gate import Gate, gate
from limits.admission.queue import MOST_OF_A_KEY
from limits.admission.waiting import Waiting, place_of, priority_of
from limits.book import Book
from limits.choices import Metric, Window
from limits.demand import NOTHING, Demand
from limits.meters.memory import MemoryMeters
from limits.refusals import LimitReachedError
from limits.rule import Rule
from proxy.client_side.handler import ApiHandler
from tests.limits.admission.test_gate import nothing_used
from tests.limits.rules import a_rule
from tests.support.asgi import AsgiClient
from tests.support.builders import a_caller, a_target, an_exchange
from tests.support.virtual_time import in_virtual_time, virtual_now
from tests.usage.in_process import chat, running_api
from usage.exchange import Exchange, StopReason
from usage.in_flight import in_flight
from usage.limit_counts import limit_counts
from usage.record import UsageRecord

TARGETS = [a_target()]
GREEDY, MODEST = UUID(int=1), UUID(int=2)


def one_at_once(**fields: object) -> Rule:
    usual = {"metric": Metric.CONCURRENCY, "amount": 1, "window": Window.NONE, "wait_seconds": 10.0}
    return a_rule(**(usual | fields))


class Door:
    """A gate in virtual time, and the order in which requests were admitted."""

    def __init__(self, *rules: Rule) -> None:
        self.gate = Gate(clock=virtual_now)
        self.gate.book = Book(rules)
        meters = MemoryMeters(virtual_now)
        self.gate.asker = Asker(meters, local=MemoryMeters(virtual_now), find_bases=nothing_used)
        self.gate.waiting = Waiting(virtual_now)
        self.admitted: list[str] = []

    async def admit(
        self, name: str, *, key: UUID = MODEST, demand: Demand = NOTHING, **fields: object
    ) -> Exchange:
        caller = a_caller(key_id=key)
        exchange = an_exchange(request_id=name, caller=caller, accepted_at=0.0, **fields)
        in_flight.open(exchange)
        if self.gate.admit_in_one_step(exchange, TARGETS, lambda: demand) is None:
            await self.gate.admit(exchange, TARGETS, lambda: demand)
        self.admitted.append(name)
        return exchange

    async def serve(self, name: str, **fields: object) -> None:
        """Admit a request, and answer it within a second."""
        exchange = await self.admit(name, **fields)
        await asyncio.sleep(1)
        self.end(exchange)

    def end(self, exchange: Exchange) -> None:
        exchange.status = 200
        self.gate.settle(exchange, UsageRecord.of(exchange))


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    limit_counts.queued.clear()
    yield
    for exchange in list(in_flight):
        in_flight.close(exchange)
    assert limit_counts.waiting == 0


@in_virtual_time
async def test_a_request_waits_until_another_one_has_ended() -> None:
    door = Door(one_at_once())
    first = await door.admit("first")
    second = asyncio.create_task(door.admit("second"))
    await asyncio.sleep(3)
    assert (len(door.gate.waiting.queue), limit_counts.waiting) == (1, 1)
    door.end(first)
    assert (await second).queued_seconds == pytest.approx(3)
    assert limit_counts.queued == {"ten a day": 1}


@in_virtual_time
async def test_a_request_is_refused_once_it_has_waited_for_as_long_as_the_limit_says() -> None:
    door = Door(one_at_once())
    await door.admit("first")
    with pytest.raises(LimitReachedError):
        await door.admit("second")
    assert virtual_now() == pytest.approx(10)
    assert len(door.gate.waiting.queue) == 0


@in_virtual_time
async def test_a_rate_that_has_room_too_late_refuses_at_once() -> None:
    slow = a_rule(amount=1, window=Window.HOUR, wait_seconds=10.0)
    door = Door(slow)
    await door.admit("first")
    with pytest.raises(LimitReachedError):
        await door.admit("second")
    assert virtual_now() == 0


@in_virtual_time
async def test_a_rate_that_has_room_in_time_is_waited_for() -> None:
    door = Door(a_rule(amount=10, window=Window.MINUTE, wait_seconds=10.0))
    for number in range(10):
        await door.admit(f"{number}")
    await door.admit("another")
    assert virtual_now() == pytest.approx(6, abs=0.1)


@in_virtual_time
async def test_a_limit_without_a_wait_refuses_what_waits_for_another_one() -> None:
    door = Door(one_at_once(), a_rule(id=2, amount=2, window=Window.HOUR, label="two an hour"))
    first = await door.admit("first")
    waiting = asyncio.create_task(door.admit("second"))
    await asyncio.sleep(0)
    other = an_exchange(request_id="other", accepted_at=0.0)
    in_flight.open(other)
    an_hour = door.gate.book.meters_for(other.caller, "", "")[1]
    await door.gate.admitted(other, [an_hour], ONE_REQUEST)
    door.end(first)
    with pytest.raises(LimitReachedError) as caught:
        await waiting
    assert caught.value.rule.label == "two an hour"
    assert virtual_now() == 0


@in_virtual_time
async def test_a_request_that_is_given_up_leaves_its_place() -> None:
    door = Door(one_at_once())
    first = await door.admit("first")
    leaving = asyncio.create_task(door.admit("leaving"))
    staying = asyncio.create_task(door.admit("staying"))
    await asyncio.sleep(1)
    leaving.cancel()
    await asyncio.wait([leaving])
    assert len(door.gate.waiting.queue) == 1
    door.end(first)
    await staying
    assert virtual_now() == 1


@in_virtual_time
async def test_a_full_queue_refuses_at_once() -> None:
    door = Door(one_at_once())
    await door.admit("first")
    waiting = [asyncio.create_task(door.admit(f"{number}")) for number in range(MOST_OF_A_KEY)]
    await asyncio.sleep(0)
    with pytest.raises(LimitReachedError):
        await door.admit("one more")
    assert virtual_now() == 0
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)


@in_virtual_time
async def test_a_greedy_key_does_not_keep_a_modest_one_out() -> None:
    door = Door(one_at_once(wait_seconds=60.0))
    async with asyncio.TaskGroup() as tasks:
        for number in range(20):
            tasks.create_task(door.serve(f"greedy-{number}", key=GREEDY))
        await asyncio.sleep(0)
        tasks.create_task(door.serve("modest", key=MODEST))
    assert door.admitted.index("modest") <= 3


@in_virtual_time
async def test_a_newcomer_does_not_overtake_what_waits() -> None:
    door = Door(one_at_once())
    first = await door.admit("first")
    waiting = asyncio.create_task(door.admit("second"))
    await asyncio.sleep(0)
    door.end(first)
    third = asyncio.create_task(door.admit("third"))
    door.end(await waiting)
    await third
    assert door.admitted == ["first", "second", "third"]


@in_virtual_time
async def test_streams_come_before_what_is_in_no_hurry() -> None:
    door = Door(one_at_once(wait_seconds=60.0))
    flex = Demand(service_tier="flex")
    async with asyncio.TaskGroup() as tasks:
        for number in range(8):
            tasks.create_task(door.serve(f"flex-{number}", key=GREEDY, demand=flex))
        await asyncio.sleep(0)
        for number in range(4):
            tasks.create_task(door.serve(f"stream-{number}", is_streamed=True))
    last_stream = door.admitted.index("stream-3")
    assert sum(name.startswith("flex") for name in door.admitted[:last_stream]) <= 4


@pytest.mark.parametrize(
    ("is_streamed", "tier", "priority"),
    [
        (False, "", Priority.NORMAL),
        (False, "default", Priority.NORMAL),
        (True, "auto", Priority.INTERACTIVE),
        (False, "priority", Priority.INTERACTIVE),
        (True, "flex", Priority.BATCH),
    ],
)
def test_the_class_of_a_request(is_streamed: bool, tier: str, priority: Priority) -> None:
    exchange = an_exchange(is_streamed=is_streamed)
    assert priority_of(exchange, Demand(service_tier=tier)) is priority


def test_a_request_with_many_tokens_takes_several_turns() -> None:
    exchange = an_exchange()
    assert place_of(exchange, Demand(input_tokens=30_000, output_tokens=10_000)).cost == 9
    assert place_of(exchange, Demand(input_tokens=30)).key == exchange.caller.key_id.hex


class Upstream:
    """Answers once it is told to; ``asked`` counts the requests."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.is_asked.set()
        await self.may_answer.wait()
        if json.loads(request.content).get("stream"):
            text = b'data: {"choices": [{"index": 0, "delta": {"content": "Hi"}}]}\n\n'
            done = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
            headers = {"content-type": "text/event-stream"}
            return httpx.Response(200, headers=headers, content=text + done + b"data: [DONE]\n\n")
        return httpx.Response(200, json={"object": "chat.completion", "choices": []})


@asynccontextmanager
async def limited_api(upstream: Upstream, *rules: Rule) -> AsyncIterator[str]:
    """The key of somebody whom ``rules`` hold for."""

    def settle(exchange: Exchange) -> None:
        gate.settle(exchange, UsageRecord.of(exchange))

    before, gate.book = gate.book, Book(rules)
    in_flight.on_close(settle)
    try:
        async with running_api(upstream) as key:
            yield key
    finally:
        in_flight.forget(settle)
        gate.book = before
        gate.use(MemoryMeters())


async def queued(number: int) -> None:
    """Return once ``number`` requests wait."""
    async with asyncio.timeout(30):
        while limit_counts.waiting != number:  # noqa: ASYNC110 - there is no event of it
            await asyncio.sleep(0.001)


def headers_of(client: AsgiClient) -> dict[bytes, bytes]:
    return dict(client.messages[0]["headers"])


@pytest.mark.django_db(transaction=True)
async def test_a_client_is_told_how_long_its_request_waited() -> None:
    upstream, handler = Upstream(), ApiHandler()
    async with limited_api(upstream, one_at_once()) as key, asyncio.timeout(30):
        first = asyncio.create_task(chat(key).through(handler))
        await upstream.is_asked.wait()
        second = asyncio.create_task(chat(key).through(handler))
        await queued(1)
        assert upstream.asked == 1
        upstream.may_answer.set()
        answers = [await first, await second]
    assert [client.messages[0]["status"] for client in answers] == [200, 200]
    assert b"x-gateway-queued-ms" not in headers_of(answers[0])
    assert int(headers_of(answers[1])[b"x-gateway-queued-ms"]) >= 0


@pytest.mark.django_db(transaction=True)
async def test_a_stream_that_waits_gets_comments_and_then_its_answer(settings) -> None:
    settings.GATEWAY_STREAM_KEEP_ALIVE_SECONDS = 0.1
    upstream, handler = Upstream(), ApiHandler()
    async with limited_api(upstream, one_at_once()) as key, asyncio.timeout(30):
        first = asyncio.create_task(chat(key).through(handler))
        await upstream.is_asked.wait()
        client = chat(key, stream=True)
        second = asyncio.create_task(client.through(handler))
        await client.got_some.wait()
        assert client.messages[1]["body"] == b": keep-alive\n\n"
        assert limit_counts.waiting == 1
        upstream.may_answer.set()
        await first
        await second
    body = b"".join(message.get("body", b"") for message in client.messages)
    assert b'"content":' in body
    assert body.endswith(b"data: [DONE]\n\n")
    assert b"error" not in body


@pytest.mark.django_db(transaction=True)
async def test_a_client_that_hangs_up_leaves_the_queue() -> None:
    upstream, handler = Upstream(), ApiHandler()
    async with limited_api(upstream, one_at_once()) as key, asyncio.timeout(30):
        first = asyncio.create_task(chat(key).through(handler))
        await upstream.is_asked.wait()
        leaving = chat(key)
        second = asyncio.create_task(leaving.through(handler))
        await queued(1)
        leaving.gone.set()
        await queued(0)
        await second
        upstream.may_answer.set()
        await first
    assert upstream.asked == 1


@pytest.mark.django_db(transaction=True)
async def test_what_waits_is_told_that_the_worker_stops() -> None:
    upstream, handler = Upstream(), ApiHandler()
    async with limited_api(upstream, one_at_once()) as key, asyncio.timeout(30):
        first = asyncio.create_task(chat(key).through(handler))
        await upstream.is_asked.wait()
        second = asyncio.create_task(chat(key).through(handler))
        await queued(1)
        gate.waiting.stop(StopReason.SHUTTING_DOWN)
        client = await second
        upstream.may_answer.set()
        await first
    assert client.messages[0]["status"] == 503
    assert json.loads(client.messages[1]["body"])["error"]["code"] == "shutting_down"


@in_virtual_time
async def test_a_small_request_far_from_the_amount_overtakes_nobody() -> None:
    rule = a_rule(metric=Metric.TOKENS, window=Window.MINUTE, amount=1000, wait_seconds=60.0)
    door = Door(rule)
    await door.admit("first", demand=Demand(500, 100))
    large = asyncio.create_task(door.admit("large", demand=Demand(500, 100)))
    await asyncio.sleep(0.1)
    small = asyncio.create_task(door.admit("small", demand=Demand(1, 1)))
    await asyncio.gather(large, small)
    assert door.admitted == ["first", "large", "small"]
