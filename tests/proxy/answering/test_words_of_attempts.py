"""What an attempt leaves in the record of its request."""

from __future__ import annotations

import httpx
import pytest

from connections.calling.client import UpstreamClient
from proxy.answering.candidates import Candidates
from proxy.answering.dispatch import dispatch
from proxy.client_side.errors import ApiError
from tests.support.builders import SECRET, a_call, a_target, an_exchange, an_upstream
from usage.attempts import LONGEST_TEXT, AttemptFacts, attempt_log
from usage.exchange import Exchange
from usage.record import UsageRecord

ADDRESS = "one.example"


def refused(status: int, message: str, **more: str) -> httpx.Response:
    headers = {"x-request-id": "req-upstream-1"}
    return httpx.Response(status, headers=headers, json={"error": {"message": message} | more})


async def logged(answer: httpx.Response | Exception) -> tuple[list[AttemptFacts], Exchange]:
    """The log of a request whose only target gives ``answer``."""
    exchange = an_exchange()

    def respond(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    candidates = Candidates(
        targets=[a_target(an_upstream("one"))], call_for=lambda target: a_call({"model": "m"})
    )
    try:
        await dispatch(UpstreamClient(httpx.MockTransport(respond)), candidates, exchange=exchange)
    except ApiError as exc:
        exchange.status = exc.status
    return attempt_log(exchange.attempts, exchange.started), exchange


@pytest.mark.parametrize("status", [400, 404, 422, 429, 500, 503])
async def test_the_upstreams_words_and_its_request_id_are_kept(status: int) -> None:
    (attempt, *_), _ = await logged(refused(status, "The engine\nis on fire."))
    assert attempt["error_text"] == "The engine is on fire."
    assert attempt["upstream_request_id"] == "req-upstream-1"
    assert 0 <= attempt["started_ms"] < 60_000


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
@pytest.mark.parametrize("where", ["message", "code", "type", "param"])
async def test_no_secret_and_no_address_of_the_connection_is_kept(status: int, where: str) -> None:
    told = {"message": "It failed."} | {where: f"At https://{ADDRESS}/v1 with {SECRET}: no."}
    _, exchange = await logged(refused(status, **told))
    line = UsageRecord.of(exchange).as_line().decode()
    assert "error_text" in line
    assert SECRET not in line
    assert ADDRESS not in line


@pytest.mark.parametrize("status", [401, 403])
async def test_the_beginning_of_a_refused_key_is_not_kept(status: int) -> None:
    message = "Incorrect API key provided: sk-upst****cdef."
    (attempt, *_), _ = await logged(refused(status, message, code="invalid_api_key"))
    assert "sk-upst" not in attempt["error_text"]
    assert attempt["error_text"].startswith("The upstream refused the gateway's credentials.")


async def test_long_words_are_cut() -> None:
    (attempt, *_), _ = await logged(refused(400, "no " * 9000))
    assert len(attempt["error_text"]) == LONGEST_TEXT


async def test_without_a_response_ours_are_kept() -> None:
    (attempt, *_), _ = await logged(httpx.ConnectError("https://one.example: refused"))
    assert attempt["error_text"]
    assert ADDRESS not in attempt["error_text"]


async def test_a_success_keeps_nothing() -> None:
    log, exchange = await logged(httpx.Response(200, json={"choices": []}))
    assert log == []
    assert (exchange.attempts[0].error_text, exchange.attempts[0].upstream_request_id) == ("", "")
