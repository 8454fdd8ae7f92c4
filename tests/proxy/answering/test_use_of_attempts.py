"""Whose tokens are whose: those of a failed attempt, and those of the answer."""

from __future__ import annotations

import httpx
import pytest

from connections.calling.client import UpstreamClient
from proxy.answering.candidates import Candidates
from proxy.answering.dispatch import dispatch
from proxy.answering.dispatched import Dispatched
from proxy.answering.streamed import relay_answer
from proxy.answering.whole import read_answer
from resilience.outcomes import Kind
from resilience.policy import Ambiguous, Policy
from resilience.route import Route
from tests.support.builders import Chunks, a_call, a_target, an_exchange, an_upstream
from usage.exchange import Exchange
from wire_formats.responses.dialect import RESPONSES
from wire_formats.sse import encoded_event, typed_event
from wire_formats.token_counts import Tokens

ALWAYS = Route(policy=Policy(ambiguous=Ambiguous.ALWAYS))
USAGE = {"input_tokens": 5, "output_tokens": 2}
CREATED = typed_event("response.created", response={"id": "resp_1"})
SERVER_ERROR = {"code": "server_error", "message": "Sorry."}


def failed(**fields: object) -> dict[str, object]:
    return {"object": "response", "status": "failed", "error": SERVER_ERROR} | fields


def failed_stream(**fields: object) -> httpx.Response:
    return stream(CREATED, typed_event("response.failed", response=failed(**fields)))


def stream(*parts: bytes) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Chunks(*parts))


async def asked(
    exchange: Exchange, *answers: httpx.Response, endpoint: str = "responses"
) -> Dispatched:
    """Each target gives one of ``answers``."""
    left = list(answers)
    body = {"model": "m"} | ({"stream": True} if exchange.is_streamed else {})
    numbers = range(1, len(answers) + 1)
    return await dispatch(
        UpstreamClient(httpx.MockTransport(lambda request: left.pop(0))),
        Candidates(
            targets=[a_target(an_upstream(f"c{n}", id=n)) for n in numbers],
            call_for=lambda target: a_call(body, endpoint=endpoint),
            route=ALWAYS,
        ),
        exchange=exchange,
    )


async def test_a_failed_stream_that_is_passed_on_is_counted_once() -> None:
    exchange = an_exchange(is_streamed=True, endpoint="responses")
    dispatched = await asked(exchange, failed_stream(usage=USAGE))
    async for _ in await relay_answer(dispatched, exchange, dialect=RESPONSES):
        pass
    assert (exchange.tokens.prompt, exchange.tokens.completion) == (5, 2)
    [attempt] = exchange.attempts
    assert (attempt.tokens, attempt.kind, attempt.may_be_billed) == (None, Kind.BROKEN, False)


async def test_a_failed_answer_that_is_passed_on_is_counted_once() -> None:
    exchange = an_exchange(endpoint="responses")
    dispatched = await asked(exchange, httpx.Response(200, json=failed(usage=USAGE)))
    await read_answer(dispatched, exchange)
    assert (exchange.tokens.prompt, exchange.tokens.completion) == (5, 2)
    assert exchange.attempts[0].tokens is None


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_what_a_failed_attempt_told_stays_with_it(is_streamed: bool) -> None:
    exchange = an_exchange(is_streamed=is_streamed, endpoint="responses")
    if is_streamed:
        said = typed_event("response.output_text.delta", delta="Hi")
        answers = failed_stream(usage=USAGE), stream(CREATED, said)
    else:
        fine = {"object": "response", "status": "completed"}
        answers = httpx.Response(200, json=failed(usage=USAGE)), httpx.Response(200, json=fine)
    await asked(exchange, *answers)
    first, second = exchange.attempts
    assert first.tokens == Tokens(prompt=5, completion=2)
    assert second.tokens is None
    assert exchange.tokens == Tokens()


async def test_a_failure_that_told_nothing_may_be_billed() -> None:
    exchange = an_exchange(is_streamed=True)
    error = encoded_event({"error": SERVER_ERROR})
    content = encoded_event({"choices": [{"index": 0, "delta": {"content": "Hi"}}]})
    await asked(exchange, stream(error), stream(content), endpoint="chat/completions")
    assert (exchange.attempts[0].tokens, exchange.attempts[0].may_be_billed) == (None, True)
