"""How far the gateway goes for one request, and what the client is told at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import httpx
import pytest

from connections.calling.client import UpstreamClient
from connections.errors import TransportStoppedError
from connections.upstream import Upstream
from models_registry.targets import Target
from proxy.answering.candidates import Candidates
from proxy.answering.dispatch import dispatch
from proxy.answering.dispatched import Dispatched
from proxy.answering.streamed import relay_answer
from proxy.client_side.errors import (
    ApiError,
    ModelNotFoundError,
    StoppedError,
    UpstreamTimeoutError,
)
from resilience.policy import Ambiguous, Policy
from resilience.route import NO_ROUTE, Route
from resilience.states import states
from tests.support.builders import Chunks, a_call, a_target, an_exchange, an_upstream
from usage.exchange import Exchange
from usage.in_flight import in_flight
from usage.record import UsageRecord
from wire_formats.sse import DONE, encoded_event
from wire_formats.token_counts import Tokens

ROLE = encoded_event({"choices": [{"index": 0, "delta": {"role": "assistant"}}]})
ALWAYS = Route(policy=Policy(ambiguous=Ambiguous.ALWAYS))


def said(text: str) -> bytes:
    return encoded_event({"choices": [{"index": 0, "delta": {"content": text}}]})


def stream(*parts: bytes | Exception) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Chunks(*parts))


def failing(status: int, code: str = "", **headers: str) -> httpx.Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"error": {"message": "No.", "code": code}}, headers=fields)


class World:
    """Upstreams that answer by the key they are asked with, each from a list of its own."""

    def __init__(self, **answers: list[httpx.Response | Exception]) -> None:
        self._answers = answers
        self.asked: list[str] = []
        self.waited: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.asked.append(key)
        answer = self._answers[key].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def pause(self, seconds: float) -> None:
        self.waited.append(seconds)


def connection(*secrets: str, number: int = 1, **fields: object) -> Upstream:
    return an_upstream(f"c{number}", secrets=secrets, id=number, **fields)


def targets(*keys: str) -> list[Target]:
    """A target for each of ``keys``, which is the only one of its connection."""
    return [a_target(connection(key, number=n)) for n, key in enumerate(keys, start=1)]


async def asked(
    world: World,
    of: list[Target],
    *,
    route: Route = NO_ROUTE,
    exchange: Exchange | None = None,
    fallback: Callable[[str], Awaitable[Candidates]] | None = None,
    is_streamed: bool = False,
    pause: Callable[[float], Awaitable[None]] | None = None,
) -> Dispatched:
    body = {"model": "m", "messages": []} | ({"stream": True} if is_streamed else {})
    return await dispatch(
        UpstreamClient(httpx.MockTransport(world)),
        Candidates(targets=of, call_for=lambda target: a_call(body), route=route),
        exchange=exchange or an_exchange(is_streamed=is_streamed),
        fallback=fallback,
        pause=pause or world.pause,
    )


def ok() -> httpx.Response:
    return httpx.Response(200, json={"choices": []})


async def test_a_dead_and_a_limited_key_are_passed_over() -> None:
    world = World(k1=[failing(401)], k2=[failing(429)], k3=[ok(), ok()])
    target = a_target(connection("k1", "k2", "k3"))
    exchange = an_exchange()
    await asked(world, [target], exchange=exchange)
    assert world.asked == ["k1", "k2", "k3"]
    assert [each.why for each in exchange.attempts] == ["401 → other key", "429 → other key", ""]
    await asked(world, [target])
    assert world.asked[3:] == ["k3"]


async def test_a_stream_that_fails_before_content_is_answered_by_the_next() -> None:
    error = encoded_event({"error": {"message": "Busy", "code": "rate_limit_exceeded"}})
    world = World(k1=[stream(ROLE, error)], k2=[stream(ROLE, said("Hi"), DONE)])
    exchange = an_exchange(is_streamed=True)
    dispatched = await asked(world, targets("k1", "k2"), exchange=exchange, is_streamed=True)
    blocks = [block async for block in await relay_answer(dispatched, exchange)]
    assert b"".join(blocks) == ROLE + said("Hi") + DONE


async def test_an_error_object_in_a_success_goes_to_the_next() -> None:
    busy = httpx.Response(200, json={"error": {"type": "overloaded_error", "message": "Busy"}})
    world = World(k1=[busy], k2=[ok()])
    await asked(world, targets("k1", "k2"))
    assert world.asked == ["k1", "k2"]


@pytest.mark.parametrize(
    "failure", [lambda: stream(ROLE, httpx.ReadError("cut")), lambda: stream(ROLE)]
)
async def test_a_break_before_content_is_ambiguous(failure) -> None:
    world = World(k1=[failure()], k2=[stream(said("Hi"), DONE)])
    with pytest.raises(ApiError):
        await asked(world, targets("k1", "k2"), is_streamed=True)
    assert world.asked == ["k1"]
    world = World(k1=[failure()], k2=[stream(said("Hi"), DONE)])
    await asked(world, targets("k1", "k2"), route=ALWAYS, is_streamed=True)
    assert world.asked == ["k1", "k2"]


async def test_what_costs_nothing_may_be_asked_again() -> None:
    route = Route(policy=Policy(ambiguous=Ambiguous.UNBILLED))
    free = a_target(connection("k1", costs_nothing=True))
    world = World(k1=[failing(500)], k2=[ok()])
    await asked(world, [free, *targets("-", "k2")[1:]], route=route)
    assert world.asked == ["k1", "k2"]


async def test_a_limit_that_ends_soon_is_waited_for() -> None:
    [target] = targets("k1")
    world = World(k1=[failing(429, retry_after="2"), ok()])

    async def later(seconds: float) -> None:
        world.waited.append(seconds)
        target.connection.keys.revive(target.connection.upstream.keys[0])

    await asked(world, [target], pause=later)
    assert world.waited == [pytest.approx(2, abs=0.5)]
    assert world.asked == ["k1", "k1"]


async def test_those_who_wait_for_one_limit_come_one_by_one() -> None:
    waited = []
    for _ in range(9):
        [target] = targets("k1")
        target.connection.keys.cool(
            target.connection.upstream.keys[0], 2, model="gpt-4o", reason="429"
        )
        world = World(k1=[ok()])

        async def later(seconds: float, target: Target = target) -> None:
            waited.append(seconds)
            target.connection.keys.revive(target.connection.upstream.keys[0])

        await asked(world, [target], pause=later)
    assert all(1.5 < seconds <= 2.4 for seconds in waited)
    assert max(waited) - min(waited) > 0.001


async def test_a_limit_that_another_met_meanwhile_is_waited_for_again() -> None:
    [target] = targets("k1")
    key = target.connection.upstream.keys[0]
    world = World(k1=[failing(429, retry_after="1"), ok()])

    async def pause(seconds: float) -> None:
        world.waited.append(seconds)
        target.connection.keys.revive(key)
        if len(world.waited) == 1:
            target.connection.keys.cool(key, 2, model="gpt-4o", reason="429")

    await asked(world, [target], pause=pause)
    assert world.asked == ["k1", "k1"]
    assert len(world.waited) == 2


async def test_after_a_wait_the_targets_are_put_in_order_again() -> None:
    both = targets("k1", "k2")
    for target in both:
        target.connection.keys.cool(
            target.connection.upstream.keys[0], 2, model="gpt-4o", reason="429"
        )
    world = World(k2=[ok()])

    async def pause(seconds: float) -> None:
        for target in both:
            target.connection.keys.revive(target.connection.upstream.keys[0])
        states.of(both[0].key).cool(9, "overloaded")

    await asked(world, both, pause=pause)
    assert world.asked == ["k2"]


async def test_a_long_limit_is_told_and_then_respected() -> None:
    world = World(k1=[failing(429, retry_after="40")], k2=[failing(429, retry_after="20")])
    both = targets("k1", "k2")
    with pytest.raises(ApiError) as caught:
        await asked(world, both)
    assert caught.value.status == 429
    assert caught.value.headers == {"retry-after": "20", "x-should-retry": "true"}
    with pytest.raises(ApiError) as caught:
        await asked(world, both)
    assert (caught.value.status, caught.value.code) == (503, "all_targets_cooling")
    assert int(caught.value.headers["retry-after"]) <= 20
    assert world.asked == ["k1", "k2"]


async def test_the_providers_own_code_survives() -> None:
    world = World(k1=[failing(429, "insufficient_quota")])
    with pytest.raises(ApiError) as caught:
        await asked(world, targets("k1"))
    assert (caught.value.status, caught.value.code) == (429, "insufficient_quota")
    assert caught.value.headers["x-should-retry"] == "false"


async def test_a_key_that_was_refused_is_tried_where_there_is_no_other() -> None:
    world = World(k1=[failing(401), ok()])
    only = targets("k1")
    with pytest.raises(ApiError) as caught:
        await asked(world, only)
    assert (caught.value.status, caught.value.code) == (502, "upstream_auth_failed")
    await asked(world, only)


async def test_no_more_attempts_than_the_policy_allows() -> None:
    world = World(**{f"k{n}": [failing(503)] for n in range(1, 6)})
    route = Route(policy=Policy(max_attempts=2))
    with pytest.raises(ApiError):
        await asked(world, targets("k1", "k2", "k3"), route=route)
    assert world.asked == ["k1", "k2"]


async def test_behind_the_deadline_nothing_more_is_tried() -> None:
    world = World(k1=[failing(503)], k2=[ok()])
    exchange = an_exchange()
    exchange.started -= 61
    with pytest.raises(ApiError):
        await asked(world, targets("k1", "k2"), exchange=exchange)
    assert world.asked == ["k1"]


async def test_the_only_target_is_asked_once_more() -> None:
    world = World(k1=[httpx.ConnectError("refused"), ok()])
    await asked(world, targets("k1"))
    assert world.asked == ["k1", "k1"]
    assert len(world.waited) == 1


async def test_a_client_that_leaves_while_it_waits_has_nothing_sent() -> None:
    world = World(k1=[failing(429, retry_after="2"), ok()])
    waiting = asyncio.Event()

    async def forever(seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    exchange = an_exchange()
    task = asyncio.create_task(asked(world, targets("k1"), pause=forever, exchange=exchange))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (world.asked, len(exchange.attempts)) == (["k1"], 1)
    assert states.of((1, "gpt-4o")).in_flight == 0


TOO_LONG = "context_length_exceeded"


async def test_a_longer_context_is_asked_once() -> None:
    world = World(k1=[failing(400, TOO_LONG)], k2=[failing(400, TOO_LONG)])
    route = Route(model="m", context_fallback="long")
    models: list[str] = []

    async def fallback(model: str) -> Candidates:
        models.append(model)
        longer = replace(route, context_fallback="longer")
        return Candidates(targets=targets("-", "k2")[1:], call_for=lambda _: a_call(), route=longer)

    with pytest.raises(ApiError, match="context window"):
        await asked(world, targets("k1"), route=route, fallback=fallback)
    assert (world.asked, models) == (["k1", "k2"], ["long"])


async def test_a_fallback_that_is_not_the_callers_leaves_the_first_error() -> None:
    async def fallback(model: str) -> Candidates:
        raise ModelNotFoundError(model)

    world = World(k1=[failing(400, TOO_LONG)])
    route = Route(model="m", context_fallback="long")
    with pytest.raises(ApiError) as caught:
        await asked(world, targets("k1"), route=route, fallback=fallback)
    assert caught.value.code == TOO_LONG


def _record(recorded: list[UsageRecord], exchange: Exchange) -> None:
    recorded.append(UsageRecord.of(exchange))


async def test_a_target_is_busy_until_the_stream_ends_and_a_break_is_its_failure() -> None:
    world = World(k1=[stream(said("Hi"), httpx.ReadError("cut"))])
    exchange = an_exchange(is_streamed=True)
    in_flight.open(exchange)
    dispatched = await asked(world, targets("k1"), exchange=exchange, is_streamed=True)
    state = states.of((1, "gpt-4o"))
    assert (state.in_flight, state.last_failed_at) == (1, 0.0)
    blocks = [block async for block in await relay_answer(dispatched, exchange)]
    assert b"upstream_invalid_response" in blocks[-1]
    recorded: list[UsageRecord] = []
    listener = partial(_record, recorded)
    in_flight.on_close(listener)
    in_flight.close(exchange)
    in_flight.forget(listener)
    assert [each["outcome"] for each in recorded[0].attempt_log] == ["broken"]
    assert state.in_flight == 0
    assert state.last_failed_at
    assert world.asked == ["k1"]


async def test_silence_is_cut_by_a_limit_of_the_admins() -> None:
    async def silence(request: httpx.Request) -> httpx.Response:
        if "c2" in request.url.host:
            return stream(said("Hi"), DONE)
        await asyncio.Event().wait()
        raise AssertionError

    policy = Policy(ambiguous=Ambiguous.ALWAYS, first_content_timeout_seconds=0.01)
    dispatched = await dispatch(
        UpstreamClient(httpx.MockTransport(silence)),
        Candidates(
            targets=targets("k1", "k2"),
            call_for=lambda _: a_call({"messages": [], "stream": True}),
            route=Route(policy=policy),
        ),
        exchange=an_exchange(is_streamed=True),
    )
    assert dispatched.target.connection.upstream.id == 2


@pytest.mark.parametrize(("completion", "asked_in_all"), [(500, ["a"]), (0, ["a", "b"])])
async def test_a_limit_in_the_midst_of_work_that_is_billed_is_not_tried_again(
    completion: int, asked_in_all: list[str]
) -> None:
    failed = {
        "object": "response",
        "status": "failed",
        "error": {"code": "rate_limit_exceeded", "message": "Slow down."},
        "usage": {"input_tokens": 9, "output_tokens": completion},
    }
    world = World(a=[httpx.Response(200, json=failed)], b=[ok()])
    exchange = an_exchange()
    await asked(world, targets("a", "b"), exchange=exchange)
    assert world.asked == asked_in_all
    told = exchange.attempts[0].tokens
    is_passed_on = asked_in_all == ["a"]  # then its tokens are those of the answer
    assert told == (None if is_passed_on else Tokens(prompt=9, completion=completion))


@pytest.mark.parametrize("status", [401, 402])
async def test_the_only_key_that_is_taken_again_is_well(status: int) -> None:
    world = World(only=[failing(status), ok()])
    target = a_target(connection("only"))
    with pytest.raises(ApiError):
        await asked(world, [target])
    await asked(world, [target])
    assert target.connection.keys is not None
    assert [each.state for each in target.connection.keys.reports()] == ["ok"]


@pytest.mark.parametrize("status", [200, 400, 429])
async def test_a_probe_gives_its_slot_back_whatever_it_finds(status: int) -> None:
    both = targets("k1", "k2")
    breaker = states.of(both[0].key).breaker
    breaker.restore(states.clock() - 1.0)
    world = World(k1=[ok() if status == 200 else failing(status)], k2=[ok()])
    with suppress(ApiError):
        await asked(world, both)
    assert world.asked[0] == "k1"
    assert breaker.try_half_open()


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, ""), (400, "context_length_exceeded"), (400, "content_filter"), (404, "unknown_model")],
)
async def test_a_refusal_of_the_request_ends_the_trial_of_a_dead_key(
    status: int, code: str
) -> None:
    world = World(only=[failing(401), failing(status, code)])
    target = a_target(connection("only"))
    for _ in range(2):
        with pytest.raises(ApiError):
            await asked(world, [target])
    assert world.asked == ["only", "only"]
    assert target.connection.keys is not None
    assert [each.state for each in target.connection.keys.reports()] == ["ok"]


async def test_a_worker_that_stops_tries_no_other_target_and_blames_none() -> None:
    world = World(k1=[TransportStoppedError("closed") for _ in range(5)])
    both = targets("k1", "k2")
    for _ in range(5):
        with pytest.raises(StoppedError) as caught:
            await asked(world, both)
        assert caught.value.headers == {"connection": "close"}
    assert world.asked == ["k1"] * 5
    assert states.of(both[0].key).breaker.is_closed


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_a_deadline_that_cuts_a_whole_answer_does_not_count(*, is_streamed: bool) -> None:
    async def silence(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    policy = Policy(first_content_timeout_seconds=0.01 if is_streamed else None)
    [target] = targets("k1")
    exchange = an_exchange(is_streamed=is_streamed)
    if not is_streamed:
        exchange.started -= policy.deadline_seconds
        policy = replace(policy, max_attempts=2)
    with pytest.raises(UpstreamTimeoutError):
        await dispatch(
            UpstreamClient(httpx.MockTransport(silence)),
            Candidates(targets=[target], call_for=lambda _: a_call(), route=Route(policy=policy)),
            exchange=exchange,
        )
    assert bool(states.of(target.key).last_failed_at) is is_streamed


async def test_a_limit_of_one_caller_is_told_and_leaves_the_key_to_others() -> None:
    message = "Rate limit exceeded for end_user: alice. Limit type: requests."
    limited = httpx.Response(
        429, json={"error": {"message": message}}, headers={"retry-after": "60"}
    )
    world = World(only=[limited, ok()])
    target = a_target(connection("only"))
    with pytest.raises(ApiError) as caught:
        await asked(world, [target])
    assert caught.value.status == 429
    assert caught.value.headers == {"retry-after": "60", "x-should-retry": "true"}
    await asked(world, [target])
    assert world.asked == ["only", "only"]


@pytest.mark.parametrize("secrets", [("k1",), ()])
async def test_what_is_no_work_of_the_model_is_asked_in_spite_of_its_limit(
    secrets: tuple[str, ...],
) -> None:
    world = World(**{"".join(secrets): [failing(429, retry_after="60"), ok()]})
    target = a_target(connection(*secrets))
    with pytest.raises(ApiError):
        await asked(world, [target])
    await asked(world, [replace(target, is_aside=True)])
    with pytest.raises(ApiError) as caught:
        await asked(world, [target])
    assert caught.value.code == "all_targets_cooling"


@pytest.mark.parametrize("status", [401, 402, 429, 500])
async def test_what_becomes_of_other_work_is_not_held_against_the_model(status: int) -> None:
    world = World(k1=[failing(status) for _ in range(12)])
    target = a_target(connection("k1"))
    for _ in range(12):
        with pytest.raises(ApiError) as caught:
            await asked(world, [replace(target, is_aside=True)])
        assert caught.value.code != "all_targets_cooling"
    assert (len(world.asked), world.waited) == (12, [])
    assert target.connection.keys is not None
    assert [each.state for each in target.connection.keys.reports()] == ["ok"]
    assert states.of(target.key).available_at == 0.0
