"""A second target is asked while the first is silent; nothing is left of the one that loses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import httpx
import pytest

from connections.calling.client import UpstreamClient
from models_registry.registration import Registration
from models_registry.targets import Target
from proxy.answering.candidates import Candidates
from proxy.answering.dispatch import dispatch
from proxy.answering.dispatched import Dispatched
from proxy.answering.shapes import Shape
from proxy.answering.streamed import relay_answer
from proxy.client_side.errors import ApiError
from resilience import hedging
from resilience.outcomes import Kind
from resilience.policy import Policy
from resilience.route import Route
from resilience.states import states
from tests.support.builders import a_call, a_target, an_exchange, an_upstream
from usage.exchange import Exchange
from usage.in_flight import in_flight
from wire_formats.sse import DONE, encoded_event

HEDGES = Route(model="m", policy=Policy(hedges=True, hedge_after_seconds=0.01))
ROLE = encoded_event({"choices": [{"index": 0, "delta": {"role": "assistant"}}]})
HI = encoded_event({"choices": [{"index": 0, "delta": {"content": "Hi"}}]})


@pytest.fixture(autouse=True)
def _without_half_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hedging, "SHORTEST_SECONDS", 0.01)


class Body(httpx.AsyncByteStream):
    """The ``parts`` of a body, then silence if it ``is_endless``."""

    def __init__(self, *parts: bytes, is_endless: bool = False) -> None:
        self._parts = parts
        self._is_endless = is_endless
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            yield part
        if self._is_endless:
            await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.is_closed = True


def streamed(body: Body) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=body)


def ok() -> httpx.Response:
    return httpx.Response(200, json={"choices": []}, headers={"x-request-id": "from-upstream"})


class Silence:
    """An upstream that does not answer until it is told to, with what it is told."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[httpx.Response] = asyncio.get_running_loop().create_future()
        self.is_asked = asyncio.Event()
        self.is_cancelled = False

    async def __call__(self) -> httpx.Response:
        self.is_asked.set()
        try:
            return await self.answer
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise


class World:
    """Upstreams by their number: each has an answer, or :class:`Silence`."""

    def __init__(self, *answers: httpx.Response | Silence) -> None:
        self._answers = answers
        self.asked: list[int] = []
        self.is_asked = asyncio.Event()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        number = int(request.url.host.removeprefix("c").removesuffix(".example"))
        self.asked.append(number)
        if len(self.asked) == 2:
            self.is_asked.set()
        answer = self._answers[number - 1]
        return await answer() if isinstance(answer, Silence) else answer

    def targets(self) -> list[Target]:
        numbers = range(1, len(self._answers) + 1)
        return [a_target(an_upstream(f"c{number}", id=number)) for number in numbers]


async def asked(
    world: World,
    *,
    exchange: Exchange | None = None,
    body: dict[str, object] | None = None,
    route: Route = HEDGES,
    shape: Shape = Shape.ANSWER,
    may_repeat: Callable[[], bool] | None = None,
    of_others: Mapping[str, Any] = MappingProxyType({}),
) -> Dispatched:
    exchange = exchange or an_exchange()
    first, *others = world.targets()
    others = [replace(other, **of_others) for other in others]
    sent = {"messages": []} | ({"stream": True} if exchange.is_streamed else {}) | (body or {})
    return await dispatch(
        UpstreamClient(httpx.MockTransport(world)),
        Candidates(targets=[first, *others], call_for=lambda _: a_call(sent), route=route),
        exchange=exchange,
        shape=shape,
        may_repeat=may_repeat,
    )


def in_flight_of(*numbers: int) -> list[int]:
    return [states.of((number, "gpt-4o")).in_flight for number in numbers]


async def test_the_second_answers_while_the_first_is_silent() -> None:
    silence = Silence()
    world = World(silence, ok())
    exchange = an_exchange()
    dispatched = await asked(world, exchange=exchange)
    assert dispatched.target.connection.upstream.id == 2
    assert silence.is_cancelled
    assert (exchange.connection, exchange.upstream_request_id) == ("c2", "from-upstream")
    assert exchange.upstream_answer is dispatched.response
    assert [(each.connection, each.kind) for each in exchange.attempts] == [
        ("c1", Kind.STOPPED),
        ("c2", Kind.SUCCESS),
    ]
    assert [each.may_be_billed for each in exchange.attempts] == [True, False]
    assert exchange.attempts[0].why == "silence → hedge"
    assert in_flight_of(1, 2) == [0, 0]
    assert states.of((1, "gpt-4o")).last_failed_at == 0.0


async def test_the_first_may_still_win() -> None:
    silence, second = Silence(), Silence()
    world = World(silence, second)
    exchange = an_exchange()
    task = asyncio.create_task(asked(world, exchange=exchange))
    await world.is_asked.wait()
    silence.answer.set_result(ok())
    dispatched = await task
    assert dispatched.target.connection.upstream.id == 1
    assert second.is_cancelled
    assert (exchange.connection, exchange.upstream_answer) == ("c1", dispatched.response)
    assert [each.kind for each in exchange.attempts] == [Kind.SUCCESS, Kind.STOPPED]
    assert in_flight_of(1, 2) == [0, 0]


async def test_a_stream_wins_by_its_content_and_the_other_is_closed() -> None:
    start_up = Body(ROLE, is_endless=True)
    world = World(streamed(start_up), streamed(Body(ROLE, HI, DONE)))
    exchange = an_exchange(is_streamed=True)
    in_flight.open(exchange)
    dispatched = await asked(world, exchange=exchange)
    assert start_up.is_closed
    assert in_flight_of(1, 2) == [0, 1]
    blocks = [block async for block in await relay_answer(dispatched, exchange)]
    assert b"".join(blocks) == ROLE + HI + DONE
    in_flight.close(exchange)
    assert in_flight_of(1, 2) == [0, 0]


async def test_a_break_after_content_is_that_of_the_winner() -> None:
    world = World(Silence(), streamed(Body(HI)))
    exchange = an_exchange(is_streamed=True)
    in_flight.open(exchange)
    dispatched = await asked(world, exchange=exchange)
    async for _ in await relay_answer(dispatched, exchange):
        pass
    in_flight.close(exchange)
    assert [each.kind for each in exchange.attempts] == [Kind.STOPPED, Kind.BROKEN]


async def test_a_hedge_that_fails_leaves_the_first_alone() -> None:
    silence = Silence()
    world = World(silence, httpx.Response(503))
    exchange = an_exchange()
    task = asyncio.create_task(asked(world, exchange=exchange))
    await world.is_asked.wait()
    silence.answer.set_result(ok())
    assert (await task).target.connection.upstream.id == 1
    assert [each.connection for each in exchange.attempts] == ["c1", "c2"]
    assert in_flight_of(1, 2) == [0, 0]


async def test_after_both_have_failed_a_third_is_asked() -> None:
    silence = Silence()
    world = World(silence, httpx.Response(503), ok())
    exchange = an_exchange()
    task = asyncio.create_task(asked(world, exchange=exchange))
    await world.is_asked.wait()
    silence.answer.set_result(httpx.Response(503))
    assert (await task).target.connection.upstream.id == 3
    assert world.asked == [1, 2, 3]
    assert in_flight_of(1, 2, 3) == [0, 0, 0]


async def test_the_wait_for_a_hedge_after_the_first_has_failed_is_the_upstreams() -> None:
    first, second = Silence(), Silence()
    world = World(first, second, ok())
    exchange = an_exchange()
    task = asyncio.create_task(asked(world, exchange=exchange))
    await world.is_asked.wait()
    first.answer.set_result(httpx.Response(503))
    await asyncio.sleep(0.2)  # which is what is measured
    second.answer.set_result(httpx.Response(503))
    await task
    assert exchange.upstream_seconds >= 0.2


async def test_a_hedge_that_may_be_billed_is_the_last_attempt() -> None:
    silence = Silence()
    world = World(silence, httpx.Response(500), ok())
    task = asyncio.create_task(asked(world))
    await world.is_asked.wait()
    silence.answer.set_result(httpx.Response(503))
    with pytest.raises(ApiError):
        await task
    assert world.asked == [1, 2]


async def test_a_client_that_leaves_ends_both() -> None:
    first, second = Silence(), Silence()
    world = World(first, second)
    exchange = an_exchange()
    task = asyncio.create_task(asked(world, exchange=exchange))
    await world.is_asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (first.is_cancelled, second.is_cancelled) == (True, True)
    assert [each.kind for each in exchange.attempts] == [Kind.STOPPED, Kind.STOPPED]
    assert in_flight_of(1, 2) == [0, 0]
    assert [states.of((n, "gpt-4o")).last_failed_at for n in (1, 2)] == [0.0, 0.0]


class Clinging(Body):
    """A body that is never closed to its end."""

    def __init__(self, *parts: bytes) -> None:
        super().__init__(*parts, is_endless=True)
        self.is_closing = asyncio.Event()

    async def aclose(self) -> None:
        self.is_closing.set()
        await asyncio.Event().wait()


async def test_a_client_that_leaves_while_the_other_is_closed_has_the_winner_closed() -> None:
    first, second = Clinging(ROLE), Body(ROLE, HI, is_endless=True)
    exchange = an_exchange(is_streamed=True)
    in_flight.open(exchange)
    world = World(streamed(first), streamed(second))
    task = asyncio.create_task(asked(world, exchange=exchange))
    await first.is_closing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert second.is_closed
    in_flight.close(exchange)
    assert in_flight_of(1, 2) == [0, 0]


async def unhedged(*, exchange: Exchange | None = None, **how: object) -> bool:
    """Whether only the first target is asked, which answers late."""
    silence = Silence()
    world = World(silence, ok())
    task = asyncio.create_task(asked(world, exchange=exchange, **how))
    await silence.is_asked.wait()
    await asyncio.sleep(0.05)  # a timer of a hedge is due before
    if not silence.answer.done():  # it may be cancelled right now, by a hedge that was answered
        silence.answer.set_result(ok())
    await task
    return world.asked == [1]


async def test_what_sets_something_in_motion_is_not_hedged() -> None:
    assert not await unhedged()
    hedging.hedges.reset()
    assert await unhedged(body={"store": True})
    assert await unhedged(body={"mcp_servers": [{"url": "https://tools.example"}]})
    assert await unhedged(body={"tools": [{"type": "mcp", "server_label": "tools"}]})
    assert await unhedged(body={"tools": [{"google_search": {}}]})
    assert await unhedged(body={"tools": [{"type": ["function"]}]})
    assert await unhedged(body={"tools": {"google_search": {}}})
    assert await unhedged(body={"web_search_options": {}})
    assert await unhedged(body={"search_parameters": {"mode": "on"}})
    assert await unhedged(body={"plugins": [{"id": "web"}]})
    assert await unhedged(shape=Shape.ANYTHING)
    assert await unhedged(exchange=an_exchange(endpoint="responses"))
    assert await unhedged(exchange=an_exchange(endpoint="images/generations"))
    assert await unhedged(exchange=an_exchange(bytes_received=64 * 1024 + 1))
    assert await unhedged(route=Route(model="m"))


async def test_tools_of_the_clients_own_are_hedged() -> None:
    assert not await unhedged(body={"tools": [{"type": "function"}, {"name": "of messages"}]})
    hedging.hedges.reset()
    assert not await unhedged(body={"tools": [{"type": "custom"}, {"function": {}}]})
    hedging.hedges.reset()
    assert not await unhedged(body={"tools": None, "plugins": [], "store": False})


async def test_a_route_without_hedges_left_asks_one_target() -> None:
    assert hedging.hedges.of("gpt-4o").spend()
    assert await unhedged()


async def test_a_target_that_rests_is_no_hedge_and_costs_none() -> None:
    states.of((2, "gpt-4o")).cool(60, "overloaded")
    assert await unhedged()
    assert hedging.hedges.of("gpt-4o").spend()


async def test_a_target_whose_filters_are_not_known_is_no_hedge() -> None:
    assert await unhedged(of_others={"awaits_filters_of": "pipelines"})


async def test_a_target_whose_own_defaults_set_something_in_motion_is_no_hedge() -> None:
    stores = Registration(default_parameters={"store": True})
    assert await unhedged(of_others={"registration": stores})
