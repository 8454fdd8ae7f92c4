"""A gateway that is told to stop while requests are in flight."""

import json
import signal
import threading
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from tests.faults.roads import ROADS
from tests.support.api import CHAT, chat_body, client_of
from tests.support.live import LiveGateway
from tests.support.plain_http import PLAIN_HTTP
from tests.support.processes import PATIENCE_SECONDS, wait_until
from tests.support.responders import chunk, complete_chat, hang, head, sse
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


@pytest.fixture(scope="module")
def shared_upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        yield upstream


@pytest.fixture
def upstream(shared_upstream):
    """The upstream, well again and as new."""
    shared_upstream.on("POST", CHAT, complete_chat)
    shared_upstream.requests.clear()
    shared_upstream.disconnects = 0
    return shared_upstream


@pytest.fixture(scope="module")
def prepared(stores, tmp_path_factory, shared_upstream):
    """The environment of a gateway that is configured, and a key for it. Nobody serves."""
    directory = tmp_path_factory.mktemp("shutdown")
    connection = {"name": "scripted", "base_url": shared_upstream.url, "model_ids": ["gpt-4o"]}
    with stores.open(BACKINGS[0], directory / "data") as environment:
        gateway = LiveGateway(BACKINGS[0], directory, environment)
        grants = [{"models": ["*"], "everyone": True}]
        yield environment, gateway.configured_for("alice", connections=[connection], grants=grants)


@pytest.fixture
def start(prepared, tmp_path):
    """``start("--workers", "2", GATEWAY_X="1")``: a gateway, and a client of it."""
    environment, key = prepared
    with ExitStack() as stack:

        def start(*options, **variables):
            more = {"LOG_FORMAT": "json"} | variables
            gateway = LiveGateway(BACKINGS[0], tmp_path, environment | more)
            stack.callback(gateway.kill)
            # Several workers are started as an operator does it, and leave out of memory what
            # they never use; what forks has loaded all of it.
            gateway.start(*options, is_forked=not options)
            return gateway, stack.enter_context(client_of(gateway, key))

        yield start


@contextmanager
def streaming(client):
    """The parts of a stream that has begun."""
    with client.stream("POST", CHAT, json=chat_body("gpt-4o", stream=True)) as answer:
        parts = answer.iter_bytes()
        assert next(parts) == EVENT
        yield parts


def readiness(gateway):
    answer = httpx.get(f"{gateway.url}/readyz", **PLAIN_HTTP)
    return answer.status_code, answer.json()["status"]


@pytest.mark.parametrize(
    ("options", "number", "road"),
    [
        ((), signal.SIGTERM, ROADS["short road"]),
        ((), signal.SIGTERM, ROADS["long road"]),
        ((), signal.SIGINT, {}),
        (("--workers", "2"), signal.SIGTERM, {}),
    ],
    ids=["SIGTERM", "SIGTERM on the long road", "SIGINT", "two workers"],
)
def test_a_stream_in_flight_finishes(start, upstream, options, number, road):
    gateway, client = start(*options, **road)
    upstream.on("POST", CHAT, sse(*[EVENT] * 5, FINISH, delay=0.3))
    with streaming(client) as parts:
        gateway.process.send_signal(number)
        content = b"".join(parts)
    assert content.count(b'"Hel"') == 4
    assert content.endswith(b"data: [DONE]\n\n")
    assert gateway.process.wait(PATIENCE_SECONDS) == 0


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
    gateway, client = start(GATEWAY_SHUTDOWN_DELAY_SECONDS="2")
    gateway.process.send_signal(signal.SIGTERM)
    wait_until(lambda: readiness(gateway) == (503, "draining"), what="the drain")
    assert client.post(CHAT, json=chat_body("gpt-4o")).status_code == 200
    assert gateway.process.wait(PATIENCE_SECONDS) == 0


@pytest.mark.parametrize(
    ("options", "road"),
    [((), ROADS["short road"]), ((), ROADS["long road"]), (("--workers", "2"), {})],
    ids=["one worker", "one worker on the long road", "two workers"],
)
def test_a_stream_that_takes_too_long_ends_with_an_error(start, upstream, options, road):
    gateway, client = start(*options, GATEWAY_SHUTDOWN_GRACE_SECONDS="1", **road)
    upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(EVENT)))
    with streaming(client) as parts:
        gateway.process.send_signal(signal.SIGTERM)
        rest = b"".join(parts)
    assert json.loads(rest.removeprefix(b"data: "))["error"]["code"] == "shutting_down"
    assert upstream.wait_for_disconnect()
    assert gateway.process.wait(PATIENCE_SECONDS) == 0
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
    asking.join(PATIENCE_SECONDS)
    assert (answers[0].status_code, answers[0].json()["error"]["code"]) == (503, "shutting_down")
    assert gateway.process.wait(PATIENCE_SECONDS) == 0


def test_a_client_that_does_not_read_holds_up_nobody(start, upstream):
    gateway, client = start(GATEWAY_SHUTDOWN_GRACE_SECONDS="0")
    large = b"data: %b\n\n" % (b'{"choices":[],"padding":"' + b"x" * 60_000 + b'"}')
    upstream.on("POST", CHAT, sse(*[large] * 2000))
    with client.stream("POST", CHAT, json=chat_body("gpt-4o", stream=True)) as answer:
        assert answer.status_code == 200
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(PATIENCE_SECONDS) == 0
    assert "Traceback" not in gateway.log


def test_a_second_interrupt_ends_at_once(start, upstream):
    gateway, client = start()
    upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(EVENT)))
    with streaming(client):
        gateway.process.send_signal(signal.SIGINT)
        wait_until(lambda: readiness(gateway) == (503, "draining"), what="the drain")
        gateway.process.send_signal(signal.SIGINT)
        gateway.process.wait(PATIENCE_SECONDS)
