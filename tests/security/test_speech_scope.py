"""Speech: no user learns from the cache what another had spoken."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.api import client_of, wait_for_models
from tests.support.responders import head

pytestmark = pytest.mark.acceptance

SPEECH = "/v1/audio/speech"
PATHS = (SPEECH, "/openai/audio/speech", "/openai/deployments/open/audio/speech?api-version=1")
AUDIO = b"audio" * 100
TYPE = {"content_type": "audio/mpeg", "content_length": len(AUDIO)}


async def speak(exchange):
    await exchange.send(head(**TYPE) + AUDIO)


@pytest.fixture
def bob(gateway, keys):
    with client_of(gateway, gateway.api_key("bob")) as client:
        yield client


@pytest.fixture
def speaking(upstream):
    upstream.on("POST", SPEECH, speak)
    return upstream


def said(text, **fields):
    return {"model": "open", "input": text, "voice": "alloy", **fields}


def calls(upstream):
    return sum(request.target == SPEECH for request in upstream.requests)


@pytest.mark.parametrize("path", PATHS)
def test_another_users_answer_is_a_miss_and_made_again(alice, bob, root, speaking, path):
    body = said(f"a diagnosis at {path}")
    assert alice.post(path, json=body).headers["x-gateway-cache"] == "miss"
    before = calls(speaking)
    for other in (bob, root):
        assert other.post(path, json=body).headers["x-gateway-cache"] == "miss"
    assert calls(speaking) == before + 2
    for each in (alice, bob, root):
        assert each.post(path, json=body).headers["x-gateway-cache"] == "hit"
    assert calls(speaking) == before + 2


@pytest.mark.parametrize("name", ["range", "if-none-match"])
def test_no_conditional_request_tells_either(alice, bob, speaking, name):
    body = said(f"asked with {name}")
    alice.post(SPEECH, json=body)
    etag = alice.post(SPEECH, json=body).headers["etag"]
    value = "bytes=0-3" if name == "range" else etag
    answer = bob.post(SPEECH, json=body, headers={name: value})
    assert (answer.status_code, answer.headers["x-gateway-cache"]) == (200, "miss")
    assert answer.content == AUDIO


def test_requests_of_two_users_at_once_make_a_call_each(alice, bob, speaking):
    """One would otherwise wait for the other, or be answered sooner than a call takes."""

    async def never_first(exchange):
        """Answers when it is asked by both."""
        await exchange.send(head(**TYPE))
        while calls(speaking) < before + 2:  # noqa: ASYNC110 - the test's own bound ends it
            await asyncio.sleep(0.01)
        await exchange.send(AUDIO)

    speaking.on("POST", SPEECH, never_first)
    before = calls(speaking)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(each.post, SPEECH, json=said("at once")) for each in (alice, bob)]
        assert [answer.result(30).content for answer in asked] == [AUDIO] * 2
    assert calls(speaking) == before + 2


def test_an_operator_may_choose_to_share(start_gateway, speaking):
    gateway = start_gateway("sqlite+memory", GATEWAY_SPEECH_CACHE_PER_USER="false")
    gateway.configure(
        connections=[{"name": "scripted", "base_url": speaking.url, "keys": ["sk"]}],
        grants=[{"models": ["open"], "everyone": True}],
    )
    told = []
    for user in ("alice", "bob"):
        with client_of(gateway, gateway.api_key(user)) as client:
            wait_for_models(client, "open")
            told.append(client.post(SPEECH, json=said("shared")).headers["x-gateway-cache"])
    assert told == ["miss", "hit"]
