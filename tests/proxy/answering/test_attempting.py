"""One attempt, and the output that a limit leaves it."""

from __future__ import annotations

import json

import httpx
import pytest

from connections.calling.client import UpstreamClient
from proxy.answering.attempting import Asking
from proxy.answering.dispatched import Dispatched
from proxy.answering.shapes import Shape
from tests.support.builders import a_call, a_target, an_exchange, an_upstream
from usage.exchange import Exchange

CHAT = {"messages": [{"role": "user", "content": "hi"}]}


class Upstream:
    """Remembers the bodies that it was sent."""

    def __init__(self) -> None:
        self.bodies: list[dict] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(json.loads(request.content))
        return httpx.Response(200, json={"choices": []})


def asking(upstream: Upstream, exchange: Exchange, *, cap: int | None, **call: object) -> Asking:
    return Asking(
        client=UpstreamClient(httpx.MockTransport(upstream)),
        exchange=exchange,
        call_for=lambda target: a_call(CHAT, **({"model": target.model} | call)),
        shape=Shape.ANSWER,
        forward_user_info=False,
        is_long=False,
        output_cap=cap,
    )


@pytest.mark.parametrize(
    ("model", "field"), [("gpt-4o", "max_tokens"), ("o3", "max_completion_tokens")]
)
async def test_the_upstream_is_asked_for_what_still_fits(model, field) -> None:
    upstream, exchange = Upstream(), an_exchange()
    target = a_target(model=model)
    answer = await asking(upstream, exchange, cap=40).attempt(target, None, None)
    assert isinstance(answer, Dispatched)
    assert upstream.bodies == [CHAT | {"model": model, field: 40}]
    assert exchange.changed_params == (field,)


async def test_a_translated_call_is_cut_in_the_words_of_its_upstream() -> None:
    upstream, exchange = Upstream(), an_exchange()
    target = a_target(an_upstream(provider="anthropic"), model="claude-sonnet-4-5")
    await asking(upstream, exchange, cap=40).attempt(target, None, None)
    assert [body["max_tokens"] for body in upstream.bodies] == [40]
    assert exchange.changed_params == ("max_tokens",)


async def test_without_a_cap_nothing_changes() -> None:
    upstream, exchange = Upstream(), an_exchange()
    await asking(upstream, exchange, cap=None).attempt(a_target(), None, None)
    assert upstream.bodies == [CHAT | {"model": "gpt-4o"}]
    assert exchange.changed_params == ()


async def test_a_fallback_that_is_not_cut_is_not_said_to_be() -> None:
    upstream, exchange = Upstream(), an_exchange()
    one = asking(upstream, exchange, cap=40)
    await one.attempt(a_target(), None, None)
    one.turn_to(lambda target: a_call(CHAT | {"max_tokens": 7}), output_cap=40)
    await one.attempt(a_target(), None, None)
    assert [body["max_tokens"] for body in upstream.bodies] == [40, 7]
    assert exchange.changed_params == ()
    one.turn_to(lambda target: a_call(CHAT))
    await one.attempt(a_target(), None, None)
    assert "max_tokens" not in upstream.bodies[-1]
