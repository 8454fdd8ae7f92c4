"""What a client does wrong counts against no target and no key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from connections.auth.key_states import KeyState
from connections.call import Call
from connections.calling.client import UpstreamClient
from connections.errors import TooLargeError
from models_registry.targets import Target
from proxy.answering.candidates import Candidates
from proxy.answering.dispatch import dispatch
from proxy.answering.ended import ended_by
from proxy.answering.shapes import Shape
from proxy.client_side.errors import ApiError, InvalidRequestError, UpstreamAnswerError
from proxy.client_side.incoming import ClientGoneError
from resilience.breaker import LEAST_OUTCOMES
from resilience.outcomes import Kind
from resilience.policy import Ambiguous, Policy
from resilience.states import states
from resilience.verdict import STOP, verdict
from tests.support.builders import a_call, a_target, an_exchange, an_upstream
from usage.exchange import Exchange


async def form() -> AsyncIterator[bytes]:
    yield b"--x"


def upload(target: Target) -> Call:
    return a_call(
        {"model": target.model},
        upload=form(),
        upload_type="multipart/form-data; boundary=x",
    )


async def asked(
    answer: Callable[[httpx.Request], httpx.Response],
    target: Target,
    *,
    exchange: Exchange | None = None,
    failure: Exception | None = None,
) -> None:
    await dispatch(
        UpstreamClient(httpx.MockTransport(answer)),
        Candidates(targets=[target], call_for=upload),
        exchange=exchange or an_exchange(),
        shape=Shape.DOCUMENT,
        client_failure=lambda: failure,
    )


def broken_off(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("What aiohttp makes of a body that raises.")


@pytest.mark.parametrize("failure", [InvalidRequestError("Twice."), ClientGoneError()])
async def test_a_form_that_fails_while_it_is_sent_is_no_failure_of_the_upstream(
    failure: Exception,
) -> None:
    target = a_target(an_upstream("one"))
    for _ in range(LEAST_OUTCOMES):
        exchange = an_exchange()
        with pytest.raises(type(failure)):
            await asked(broken_off, target, exchange=exchange, failure=failure)
        assert [each.kind for each in exchange.attempts] == [Kind.STOPPED]
    assert states.of(target.key).breaker.is_closed
    assert states.of(target.key).in_flight == 0


async def test_an_upstream_that_breaks_off_itself_is_one() -> None:
    target = a_target(an_upstream("one"))
    for _ in range(LEAST_OUTCOMES):
        with pytest.raises(ApiError):
            await asked(broken_off, target)
    assert not states.of(target.key).breaker.is_closed


async def test_a_text_that_looks_like_an_error_is_what_the_client_had_said() -> None:
    target = a_target(an_upstream("one"))
    text = '{"error": {"code": "invalid_api_key"}}'
    await asked(lambda request: httpx.Response(200, text=text), target)
    assert target.connection.keys is not None
    assert [each.state for each in target.connection.keys.reports()] == [KeyState.OK]


def test_an_answer_larger_than_the_gateway_takes_is_no_failure_of_the_upstream() -> None:
    from_whole = UpstreamAnswerError("The upstream's answer is too large.")
    from_whole.__cause__ = TooLargeError()
    for exc in (TooLargeError(), from_whole):
        ended = ended_by(exc)
        assert verdict(ended.outcome, Policy(ambiguous=Ambiguous.ALWAYS)) == STOP
        assert isinstance(ended.error, UpstreamAnswerError)


async def test_another_model_that_the_client_named_leaves_the_target_alone() -> None:
    target = a_target(an_upstream("one"))
    told = {"error": {"message": "nope/nope is not a valid model ID"}}
    with pytest.raises(ApiError):
        await asked(lambda request: httpx.Response(400, json=told), target)
    assert not states.of(target.key).available_at
