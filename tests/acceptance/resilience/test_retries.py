"""Where the gateway stops asking, and when it lets the client know."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import anthropic
import httpx
import openai
import pytest

from tests.acceptance.resilience.routed import connection, route, routed
from tests.acceptance.resilience.table import ALWAYS
from tests.faults.ledger import Ledger
from tests.support.api import CHAT, HELLO, chat_body, client_of, connected, request_bytes
from tests.support.processes import free_port, wait_until
from tests.support.scripted_upstream import hang, status

pytestmark = pytest.mark.acceptance

DEADLINE = {"deadline_seconds": 2}
FAR_LONGER = 20  # than any deadline here, and much shorter than a connection's own timeout
ASKED, AT_ONCE = 300, 40
MODELS = ("silent", "busy", "down", "dead", "left", "charged", "gone-openai")


@pytest.fixture(scope="module")
def key(gateway, first, second):
    nowhere = f"http://127.0.0.1:{free_port()}/v1"
    pairs = [connection("first", first, *MODELS), connection("second", second, *MODELS)]
    return routed(
        gateway,
        [
            *pairs,
            connection("first-anthropic", first, "gone-anthropic", provider="anthropic"),
            connection("second-anthropic", second, "gone-anthropic", provider="anthropic"),
            connection("nowhere", nowhere, "refusing"),
            connection("nowhere-either", nowhere, "refusing"),
        ],
        [
            route("silent", "first", "second", policy=ALWAYS | DEADLINE),
            route("busy", "first", "second", policy={"patience_seconds": 0}),
            route("refusing", "nowhere", "nowhere-either"),
            route("dead", "first", policy={"max_attempts": 4}),
            route("left", "first", policy={"patience_seconds": 10}),
            route("charged", "first", "second"),
            route("gone-openai", "first", "second", policy=ALWAYS),
            route("gone-anthropic", "first-anthropic", "second-anthropic", policy=ALWAYS),
        ],
    )


@pytest.fixture
def client(gateway, key):
    with client_of(gateway, key) as client:
        yield client


def chat(client: httpx.Client, model: str, **fields: object) -> httpx.Response:
    return client.post(CHAT, json=chat_body(model, **fields))


# When all are down


@pytest.mark.parametrize("stream", [False, True])
def test_nobody_waits_longer_than_the_deadline(client, first, second, stream):
    first.tell(hang, model="silent")
    second.tell(hang, model="silent")
    started = time.monotonic()
    answered = chat(client, "silent", stream=stream)
    assert answered.status_code == 504
    assert answered.json()["error"]["code"] == "upstream_timeout"
    assert time.monotonic() - started < FAR_LONGER


def test_the_soonest_of_all_waits_is_told(client, first, second):
    first.tell(status(429, {"Retry-After": "600"}), model="busy")
    second.tell(status(429, {"Retry-After": "30"}), model="busy")
    for _ in range(2):  # the second time neither is asked
        answered = chat(client, "busy")
        assert answered.status_code in {429, 503}, answered.text
        assert 0 < int(answered.headers["retry-after"]) <= 30
        assert answered.headers["x-should-retry"] == "true"
        assert (first.hits(model="busy"), second.hits(model="busy")) == (1, 1)


def test_refusals_are_told_at_once_and_no_sdk_is_to_multiply_them(client):
    answered = chat(client, "refusing")
    assert answered.status_code == 502
    assert answered.json()["error"]["code"] == "upstream_unavailable"
    assert answered.headers["x-should-retry"] == "false"


# What retries cost


def test_a_dead_upstream_gets_a_quarter_more_at_most(gateway, key, first):
    first.tell(status(503), model="dead")

    def ask(_: int) -> int:
        with client_of(gateway, key) as client:
            return chat(client, "dead").status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(ask, range(ASKED))) == {503}
    assert first.hits(model="dead") <= 1.25 * ASKED


def test_where_it_may_have_been_billed_exactly_one_is_asked(client, first, second):
    first.tell(status(500, is_charged=True), model="charged")
    second.tell(status(500, is_charged=True), model="charged")
    assert chat(client, "charged").status_code == 502
    assert (first.hits(model="charged"), second.hits(model="charged")) == (1, 0)


# Clients that leave, and clients that insist


def test_a_client_that_hangs_up_while_the_gateway_waits_is_not_asked_for(
    gateway, key, client, first
):
    first.tell(status(429, {"Retry-After": "3"}), model="left", times=1)
    ledger = Ledger(gateway)
    body = json.dumps(chat_body("left")).encode()
    lines = ("Host: localhost", f"Authorization: Bearer {key}", "Content-Type: application/json")
    length = f"Content-Length: {len(body)}"
    with connected(gateway.port) as connection:
        connection.sendall(request_bytes(CHAT, *lines, length, method="POST", body=body))
        wait_until(lambda: first.hits(model="left") == 1, what="the first attempt")
    ledger.assert_one_more(499, is_client_gone=True)
    assert chat(client, "left").status_code == 200  # when the wait is over for everybody
    assert first.hits(model="left") == 2


@pytest.mark.parametrize("number", [500, 503])
def test_openais_sdk_adds_nothing_to_the_policy(gateway, key, first, second, number):
    first.tell(status(number), model="gone-openai")
    second.tell(status(number), model="gone-openai")
    before = first.hits(model="gone-openai") + second.hits(model="gone-openai")
    sdk = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key)
    with closing(sdk), pytest.raises(openai.APIStatusError):
        sdk.chat.completions.create(model="gone-openai", messages=HELLO)
    after = first.hits(model="gone-openai") + second.hits(model="gone-openai")
    assert 1 <= after - before <= 3


@pytest.mark.parametrize("number", [500, 503])
def test_anthropics_sdk_adds_nothing_to_the_policy(gateway, key, first, second, number):
    first.tell(status(number), model="gone-anthropic")
    second.tell(status(number), model="gone-anthropic")
    before = first.hits(model="gone-anthropic") + second.hits(model="gone-anthropic")
    sdk = anthropic.Anthropic(base_url=gateway.url, api_key=key)
    with closing(sdk), pytest.raises(anthropic.APIStatusError):
        sdk.messages.create(model="gone-anthropic", messages=HELLO, max_tokens=9)
    after = first.hits(model="gone-anthropic") + second.hits(model="gone-anthropic")
    assert 1 <= after - before <= 3
