"""What dispatch does of limits, over the gate of the process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from connections.calling.client import UpstreamClient
from limits.admission.asking import Asker
from limits.admission.gate import gate
from limits.book import EMPTY, Book
from limits.choices import Metric, Mode, Share, Window
from limits.demand import Demand
from limits.meters.interface import Ask, Base
from limits.meters.memory import MemoryMeters
from limits.refusals import LimitError, LimitReachedError
from limits.rule import Rule
from models_registry.targets import Target
from proxy.answering.candidates import Candidates
from proxy.answering.dispatch import dispatch
from proxy.answering.dispatched import Dispatched
from proxy.client_side.errors import ApiError
from resilience.route import Route
from tests.limits.rules import a_rule
from tests.support.builders import a_call, a_target, an_exchange
from usage.exchange import Exchange
from usage.in_flight import in_flight
from usage.limit_counts import limit_counts
from usage.record import UsageRecord

TOO_LONG = {"error": {"code": "context_length_exceeded", "message": "Too long."}}


async def nothing_used(asks: list[Ask]) -> list[Base]:
    return [Base(ask.meter, 0, 0, ask.ends_at) for ask in asks]


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    """One that runs, by a gate that knows nothing."""
    before = gate.asker
    gate.asker = Asker(MemoryMeters(), local=MemoryMeters(), find_bases=nothing_used)
    exchange = an_exchange()
    in_flight.open(exchange)
    yield exchange
    in_flight.close(exchange)
    gate.settle(exchange, UsageRecord.of(exchange))
    gate.book, gate.asker = EMPTY, before


class Upstream:
    """Has ``gpt-4o`` refuse what is too long, and keeps the bodies it was sent."""

    def __init__(self) -> None:
        self.models: list[str] = []
        self.caps: list[object] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = httpx.Response(200, content=request.content).json()
        self.models.append(body["model"])
        self.caps.append(body.get("max_tokens"))
        if body["model"] == "gpt-4o":
            return httpx.Response(400, json=TOO_LONG)
        return httpx.Response(200, json={})


def candidates(target: Target, **demand: int) -> Candidates:
    return Candidates(
        targets=[target],
        call_for=lambda each: a_call({"model": each.model, "messages": []}, model=each.model),
        route=Route(model="gpt-4o", context_fallback="large"),
        demand=lambda: Demand(**demand),
    )


async def dispatched(upstream: Upstream, exchange: Exchange, model: str = "gpt-4o") -> Dispatched:
    async def fallback(model: str) -> Candidates:
        return candidates(a_target(model="large"), input_tokens=10)

    return await dispatch(
        UpstreamClient(httpx.MockTransport(upstream)),
        candidates(a_target(model=model), input_tokens=10),
        exchange=exchange,
        fallback=fallback,
    )


@pytest.mark.parametrize("mode", [Mode.ENFORCE, Mode.SHADOW])
async def test_nothing_is_sent_for_what_a_limit_refuses(exchange: Exchange, mode: Mode) -> None:
    gate.book = Book([a_rule(amount=0, mode=mode)])
    upstream = Upstream()
    if mode is Mode.SHADOW:
        await dispatched(upstream, exchange, "other")
        assert upstream.models == ["other"]
        assert exchange.limit_headers == []
        return
    with pytest.raises(LimitReachedError):
        await dispatched(upstream, exchange, "other")
    assert upstream.models == []
    assert exchange.limit_marks == []


@pytest.mark.parametrize("amount", [0, 10, 10**6])
async def test_a_request_is_estimated_once_whatever_is_said_to_it(
    exchange: Exchange, amount: int
) -> None:
    gate.book = Book([a_rule(metric=Metric.TOKENS, amount=amount, window=Window.MINUTE)])
    times = 0

    def demand() -> Demand:
        nonlocal times
        times += 1
        return Demand(input_tokens=10, output_tokens=5)

    asked = candidates(a_target(model="other"))._replace(demand=demand)
    client = UpstreamClient(httpx.MockTransport(Upstream()))
    try:
        await dispatch(client, asked, exchange=exchange)
    except LimitError:
        assert amount < 15
    assert times == 1


@pytest.mark.parametrize("amount", [0, 9])
async def test_who_is_spoken_for_is_told_no_number_of_the_keys_limit(
    exchange: Exchange, amount: int
) -> None:
    each = {"share": Share.EACH_KEY, "window": Window.MINUTE}
    own = a_rule(id=2, amount=7_000, share=Share.EACH_USER, metric=Metric.TOKENS)
    gate.book = Book([a_rule(amount=amount, **each), own])
    exchange.caller = replace(exchange.caller, spoken_for="ada@example.com")
    if amount:
        await dispatched(Upstream(), exchange, "other")
    else:
        with pytest.raises(LimitReachedError) as caught:
            await dispatched(Upstream(), exchange, "other")
        assert caught.value.is_shared
    told = {name.decode() for name, _ in exchange.limit_headers}
    assert not any("requests" in name for name in told)
    assert ("x-ratelimit-limit-tokens" in told) is bool(amount)


async def test_an_output_is_cut_to_what_is_left(exchange: Exchange) -> None:
    gate.book = Book([a_rule(metric=Metric.TOKENS, amount=500)])
    upstream = Upstream()
    await dispatched(upstream, exchange, "other")
    assert upstream.caps == [490]


@pytest.mark.parametrize(
    ("rule", "models"),
    [
        (a_rule(models=("large",)), ["gpt-4o", "large"]),
        (a_rule(models=("large",), amount=0), ["gpt-4o"]),
    ],
)
async def test_a_fallback_is_skipped_where_its_own_limit_is_reached(
    exchange: Exchange, rule: Rule, models: list[str]
) -> None:
    gate.book = Book([rule])
    upstream, refused = Upstream(), limit_counts.refused[rule.label]
    if len(models) == 1:
        with pytest.raises(ApiError, match="Too long"):
            await dispatched(upstream, exchange)
        assert limit_counts.refused[rule.label] == refused + 1
    else:
        await dispatched(upstream, exchange)
    assert upstream.models == models
    assert len(exchange.limit_marks) == len(models) - 1
