"""No request that the official types accept is answered with a 5xx, whatever kind of upstream."""

from __future__ import annotations

import logging
import os
from typing import Any

import pytest
from anthropic.types import message_create_params
from anthropic.types.beta import message_create_params as beta_create_params
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params

from tests.support.every_upstream import UPSTREAMS, EveryUpstream, provide, serving
from tests.support.in_process import post
from tests.support.sdk_requests import requests_of

CHAT = completion_create_params.CompletionCreateParamsNonStreaming
RESPONSE = response_create_params.ResponseCreateParamsNonStreaming
MESSAGE = message_create_params.MessageCreateParamsNonStreaming
BETA = beta_create_params.MessageCreateParamsNonStreaming
# They name what an account holds, and whoever does is refused before anything is translated.
KEPT = frozenset({"conversation", "previous_response_id", "prompt"})
HELD = frozenset({"container", "mcp_servers", "thread", "user_profile_id", "workspace_id"})
SURFACES = [
    pytest.param("/v1/chat/completions", requests_of(CHAT), id="chat"),
    pytest.param("/v1/responses", requests_of(RESPONSE), id="responses, all fields"),
    pytest.param("/v1/responses", requests_of(RESPONSE, KEPT), id="responses"),
    pytest.param("/v1/messages", requests_of(MESSAGE), id="messages"),
    pytest.param("/v1/messages", requests_of(BETA, HELD), id="messages, beta"),
]
# Before each of the upstreams; FUZZ_EXAMPLES asks for more, and for others at each run.
MOST = os.environ.get("FUZZ_EXAMPLES")
DRAWN = settings(
    max_examples=int(MOST or 20),
    derandomize=MOST is None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def key(transactional_db) -> str:
    return provide()


@pytest.mark.parametrize(("path", "requests"), SURFACES)
async def test_every_upstream(key, caplog, path, requests):
    drawn: list[tuple[Any, bool]] = []

    @DRAWN
    @given(body=requests, is_streamed=st.booleans())
    def draw(body: Any, is_streamed: bool) -> None:
        drawn.append((body, is_streamed))

    draw()
    async with serving(EveryUpstream()) as api:
        for body, is_streamed in drawn:
            for model in UPSTREAMS:
                asked = body | {"model": model, "stream": is_streamed}
                check(asked, await post(api, key, path, asked))
    assert [each.message for each in caplog.records if each.levelno >= logging.ERROR] == []


def check(asked: dict[str, Any], answer: Any) -> None:
    """A success, or a refusal that says what is refused, in the client's own words."""
    assert answer.status < 500, (asked, answer.body)
    if answer.status < 400:
        assert b'"error":{' not in answer.body, (asked, answer.body)
        return
    error = answer.json["error"]
    assert "`" in error["message"] or error.get("param"), (asked, error)
    place = str(error.get("param") or "").replace("[", ".").partition(".")[0]
    assert not place or place in asked, (asked, error)
