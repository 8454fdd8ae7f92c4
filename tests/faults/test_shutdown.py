"""A gateway that is told to stop while requests are in flight."""

import json
import signal
import threading
from contextlib import contextmanager

import httpx
import pytest

from tests.support.api import CHAT, chat_body, client_of
from tests.support.processes import wait_until
from tests.support.responders import chunk, hang, head, sse
from tests.support.serving import open_to_all
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


@pytest.fixture
def upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        yield upstream


@pytest.fixture
def start(start_gateway, upstream):
    """``start("--workers", "2", GATEWAY_X="1")``: a gateway, and a client of it."""
    clients = []

    def start(*options, **environment):
        gateway = start_gateway(**environment)
        if options:
            gateway.stop()
            gateway.start(*options)
        client = client_of(gateway, open_to_all(gateway, upstream), timeout=20)
        clients.append(client)
        return gateway, client

    yield start
    for client in clients:
        client.close()


@contextmanager
def streaming(client):
    """The parts of a stream that has begun."""
    with client.stream("POST", CHAT, json=chat_body("gpt-4o", stream=True)) as answer:
        parts = answer.iter_bytes()
        assert next(parts) == EVENT
        yield parts


def readiness(gateway):
    answer = httpx.get(f"{gateway.url}/readyz", trust_env=False)
    return answer.status_code, answer.json()["status"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=["one worker", "two workers"])
def test_a_stream_in_flight_finishes(start, upstream, options, number):
    gateway, client = start(*options)
    upstream.on("POST", CHAT, sse(*[EVENT] * 5, FINISH, delay=0.3))
    with streaming(client) as parts:
        gateway.process.send_signal(number)
        content = b"".join(parts)
    assert content.count(b'"Hel"') == 4
    assert content.endswith(b"data: [DONE]\n\n")
    assert gateway.process.wait(15) == 0


def test_new_requests_are_refused_while_a_stream_finishes(start, upstream):
    gateway, client = start()
    upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(EVENT)))
    with streaming(client):
        gateway.process.send_signal(signal.SIGTERM)
        wait_until(lambda: readiness(gateway) == (503, "draining"), what="the drain")
        answer = client.post(CHAT, json=chat_body("gpt-4o"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "shutting_down")
        assert answer.headers["connection"] == "close"


def test_requests_are_taken_until_load_balancers_have_noticed(start, upstream):
    gateway, client = start(GATEWAY_SHUTDOWN_DELAY_SECONDS="3")
    gateway.process.send_signal(signal.SIGTERM)
    wait_until(lambda: readiness(gateway) == (503, "draining"), what="the drain")
    assert client.post(CHAT, json=chat_body("gpt-4o")).status_code == 200
    assert gateway.process.wait(10) == 0


@pytest.mark.parametrize("options", [(), ("--workers", "2")], ids=["one worker", "two workers"])
def test_a_stream_that_takes_too_long_ends_with_an_error(start, upstream, options):
    gateway, client = start(*options, GATEWAY_SHUTDOWN_GRACE_SECONDS="1")
    upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(EVENT)))
    with streaming(client) as parts:
        gateway.process.send_signal(signal.SIGTERM)
        rest = b"".join(parts)
    assert json.loads(rest.removeprefix(b"data: "))["error"]["code"] == "shutting_down"
    assert upstream.wait_for_disconnect(timeout=5)
    assert gateway.process.wait(15) == 0
    assert "Traceback" not in gateway.log


def test_a_pending_whole_answer_becomes_a_503(start, upstream):
    gateway, client = start(GATEWAY_SHUTDOWN_GRACE_SECONDS="1")
    upstream.on("POST", CHAT, hang())
    answers = []
    body = chat_body("gpt-4o")
    asking = threading.Thread(target=lambda: answers.append(client.post(CHAT, json=body)))
    asking.start()
    wait_until(lambda: len(upstream.calls) == 1, what="the call")
    gateway.process.send_signal(signal.SIGTERM)
    asking.join(15)
    assert (answers[0].status_code, answers[0].json()["error"]["code"]) == (503, "shutting_down")
    assert gateway.process.wait(15) == 0


def test_a_client_that_does_not_read_holds_up_nobody(start, upstream):
    gateway, client = start(GATEWAY_SHUTDOWN_GRACE_SECONDS="0")
    large = b"data: %b\n\n" % (b'{"choices":[],"padding":"' + b"x" * 60_000 + b'"}')
    upstream.on("POST", CHAT, sse(*[large] * 2000))
    with client.stream("POST", CHAT, json=chat_body("gpt-4o", stream=True)) as answer:
        assert answer.status_code == 200
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(15) == 0
    assert "Traceback" not in gateway.log


def test_a_second_interrupt_ends_at_once(start, upstream):
    gateway, client = start()
    upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(EVENT)))
    with streaming(client):
        gateway.process.send_signal(signal.SIGINT)
        wait_until(lambda: readiness(gateway) == (503, "draining"), what="the drain")
        gateway.process.send_signal(signal.SIGINT)
        gateway.process.wait(10)
