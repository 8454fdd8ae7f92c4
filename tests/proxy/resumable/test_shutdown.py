"""Recordings that are read while a gateway is told to stop: the one that records, or another."""

import json
import signal
from contextlib import ExitStack, contextmanager

import pytest

from tests.support.api import CHAT, chat_body, client_of
from tests.support.live import LiveGateway
from tests.support.processes import PATIENCE_SECONDS
from tests.support.responders import chunk, hang, head, sse
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
LEFTOVER_SECONDS = 3  # the server's own patience, behind that of the drain


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        yield upstream


@pytest.fixture
def start(stores, tmp_path, upstream):
    """``start("sqlite+memory", grace=1)``: a gateway that records, one that reads, and a key.

    They are two only where they can share what is recorded.
    """
    with ExitStack() as stack:

        def start(backing, *, grace):
            environment = stack.enter_context(stores.open(backing, tmp_path / "data"))
            environment["GATEWAY_SHUTDOWN_GRACE_SECONDS"] = str(grace)
            gateways = []
            for name in ("records", "reads") if "redis" in backing else ("both",):
                (tmp_path / name).mkdir()
                gateways.append(LiveGateway(backing, tmp_path / name, environment))
                stack.callback(gateways[-1].kill)
            connection = {"name": "scripted", "base_url": upstream.url, "model_ids": ["gpt-4o"]}
            grants = [{"models": ["*"], "everyone": True}]
            key = gateways[0].configured_for("alice", connections=[connection], grants=grants)
            for gateway in gateways:
                gateway.start()
            return gateways[0], gateways[-1], key

        yield start


def recorded(gateway, key):
    """The path of a stream that has begun, and that nobody listens to."""
    body, headers = chat_body("gpt-4o", stream=True), {"x-gateway-resumable": "true"}
    with (
        client_of(gateway, key) as client,
        client.stream("POST", CHAT, json=body, headers=headers) as answer,
    ):
        assert next(answer.iter_bytes()) == EVENT
        return f"{CHAT}/{answer.headers['x-request-id']}/stream"


@contextmanager
def reading(gateway, key, path):
    """The parts of the stream behind the first."""
    with client_of(gateway, key) as client, client.stream("GET", path) as answer:
        parts = answer.iter_bytes()
        assert next(parts) == EVENT
        yield parts


def error_code(rest):
    return json.loads(rest.removeprefix(b"data: "))["error"]["code"]


@pytest.mark.parametrize("backing", BACKINGS)
def test_a_reader_is_told_that_its_worker_ends(start, upstream, backing):
    upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(EVENT)))
    recorder, reader, key = start(backing, grace=1)
    with reading(reader, key, recorded(recorder, key)) as parts:
        reader.process.send_signal(signal.SIGTERM)
        rest = b"".join(parts)
    assert error_code(rest) == "shutting_down"
    assert reader.process.wait(PATIENCE_SECONDS) == 0
    assert "Traceback" not in reader.log


def test_a_reader_may_go_on_for_as_long_as_whom_it_reads(start, upstream):
    events = [EVENT] * (LEFTOVER_SECONDS + 2)
    upstream.on("POST", CHAT, sse(*events, FINISH, delay=1))
    recorder, reader, key = start(BACKINGS[1], grace=20)
    with reading(reader, key, recorded(recorder, key)) as parts:
        reader.process.send_signal(signal.SIGTERM)
        assert b"".join(parts) == b"".join([*events[1:], FINISH, DONE])
    assert reader.process.wait(PATIENCE_SECONDS) == 0


def test_a_reader_who_was_told_goes_on_elsewhere(start, upstream):
    upstream.on("POST", CHAT, sse(*[EVENT] * 3, FINISH, delay=1))
    recorder, reader, key = start(BACKINGS[1], grace=0)
    path = recorded(recorder, key)
    with reading(reader, key, path) as parts:
        reader.process.send_signal(signal.SIGTERM)
        *seen, last = b"".join(parts).split(b"\n\n")[:-1]
    assert error_code(last) == "shutting_down"
    with client_of(recorder, key) as client:
        rest = client.get(path, params={"starting_after": 1 + len(seen)}).content
    assert rest == b"".join([*[EVENT] * (2 - len(seen)), FINISH, DONE])


def test_a_reader_elsewhere_is_told_that_the_recording_worker_ends(start, upstream):
    upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(EVENT)))
    recorder, reader, key = start(BACKINGS[1], grace=1)
    path = recorded(recorder, key)
    with reading(reader, key, path) as parts:
        recorder.process.send_signal(signal.SIGTERM)
        rest = b"".join(parts)
    assert error_code(rest) == "shutting_down"
    assert recorder.process.wait(PATIENCE_SECONDS) == 0
    with client_of(reader, key) as client:
        assert client.get(path, params={"starting_after": 1}).content == rest
