"""What clients see of a stream does not depend on the road that its chunks take."""

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from tests.faults.roads import ROADS
from tests.faults.surfaces import SURFACES
from tests.faults.test_mid_stream import BREAKDOWNS, broken_stream
from tests.support.api import CHAT, chat_body, client_of, connected, request_bytes
from tests.support.responders import chunk, drip, event, hang, head, sse, when_told
from tests.support.serving import gateway_before
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

BEGIN = head(content_type="text/event-stream", transfer_encoding="chunked")
LIMITS = {"GATEWAY_MAX_SSE_LINE_BYTES": "65536", "GATEWAY_WRITE_TIMEOUT": "3"}
BUFFER_BYTES = 64 * 1024
MOST_EVENTS = 5000  # 40 MB; the buffers of the kernel hold a few, the gateway's less than one
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
ENDING = event(FINISH) + chunk(b"data: [DONE]\n\n") + chunk(b"")
END = b"data: %b\n\ndata: [DONE]\n\n" % json.dumps(FINISH).encode()


def numbered(number, padding=0):
    delta = {"content": f"{number} {'x' * padding}"}
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    return b"data: %b\n\n" % json.dumps({"choices": [choice]}).encode()


@pytest.fixture(scope="module")
def shared_upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        yield upstream


@pytest.fixture
def upstream(shared_upstream):
    shared_upstream.disconnects = 0
    return shared_upstream


@pytest.fixture(scope="module", params=ROADS.values(), ids=ROADS)
def served(request, stores, tmp_path_factory, shared_upstream):
    directory = tmp_path_factory.mktemp("roads")
    with gateway_before(shared_upstream, stores, directory, **LIMITS, **request.param) as served:
        yield served


@pytest.fixture
def client(served):
    with client_of(*served) as client:
        yield client


@contextmanager
def slow_client(gateway, key):
    """A connection that has asked for a stream, and takes in little of it at once."""
    body = json.dumps(chat_body("gpt-4o", stream=True)).encode()
    lines = ("Host: localhost", f"Authorization: Bearer {key}", "Content-Type: application/json")
    length = f"Content-Length: {len(body)}"
    with connected(gateway.port) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        connection.sendall(request_bytes(CHAT, *lines, length, method="POST", body=body))
        yield connection


def streamed(client):
    return client.post(CHAT, json=chat_body("gpt-4o", stream=True)).content


def test_bytes_keep_their_order_however_they_arrive(client, upstream):
    """One by one, several in a piece, cut within an event and within a line of HTTP."""
    events = [numbered(number) for number in range(60)]
    pieces = [*map(chunk, events[:20]), b"".join(map(chunk, events[20:40]))]
    flow = b"".join(map(chunk, events[40:]))
    pieces += [flow[at : at + 37] for at in range(0, len(flow), 37)]
    pieces.append(ENDING)
    upstream.on("POST", CHAT, drip(pieces, every=0.005, before=BEGIN))
    assert streamed(client) == b"".join(events) + END


@pytest.mark.parametrize("breakdown", BREAKDOWNS.values(), ids=BREAKDOWNS)
def test_a_stream_that_breaks_ends_with_an_error_event(client, upstream, breakdown):
    surface = SURFACES["chat"]
    rest = broken_stream(client, upstream, surface, breakdown)
    surface.assert_failed(rest, "upstream_invalid_response")


def test_a_client_that_reads_slowly_gets_every_byte_in_order(served, upstream):
    events = [numbered(number, padding=8000) for number in range(400)]
    upstream.on("POST", CHAT, sse(*events, FINISH))
    got = bytearray()
    with slow_client(*served) as connection:
        while not got.endswith(b"\r\n0\r\n\r\n"):
            if len(got) < 4 * BUFFER_BYTES:
                time.sleep(0.05)  # long enough for all buffers on the way to fill up
            part = connection.recv(BUFFER_BYTES)
            assert part, bytes(got[-200:])
            got += part
    assert unchunked(bytes(got).partition(b"\r\n\r\n")[2]) == b"".join(events) + END


def unchunked(body):
    """What a chunked body holds."""
    parts, at = [], 0
    while size := int(body[at : (line := body.index(b"\r\n", at))], 16):
        parts.append(body[line + 2 : line + 2 + size])
        at = line + 2 + size + 2
    return b"".join(parts)


def test_a_client_that_does_not_read_holds_up_the_upstream_and_is_cut(served, upstream):
    sent = []

    async def flood(exchange):
        await exchange.send(BEGIN)
        while len(sent) < MOST_EVENTS:
            await exchange.send(chunk(numbered(len(sent), padding=8000)))
            sent.append(1)

    upstream.on("POST", CHAT, flood)
    before = -1
    with slow_client(*served) as connection:
        connection.recv(1000)
        while before != (before := len(sent)):
            time.sleep(0.5)
        assert before < MOST_EVENTS
        assert upstream.wait_for_disconnect()


def test_a_client_that_leaves_ends_the_call(client, upstream):
    upstream.on("POST", CHAT, hang(BEGIN + chunk(numbered(0))))
    with client.stream("POST", CHAT, json=chat_body("gpt-4o", stream=True)) as answer:
        assert next(answer.iter_bytes()) == numbered(0)
    assert upstream.wait_for_disconnect()


def test_a_client_that_leaves_between_chunks_that_keep_coming_ends_the_call(client, upstream):
    has_left = threading.Event()
    begin = when_told(has_left, BEGIN + chunk(numbered(0)), chunk(numbered(1)))

    async def keep_coming(exchange):
        await begin(exchange)
        while True:  # until the connection breaks
            await exchange.send(chunk(numbered(1)))
            await asyncio.sleep(0.001)

    upstream.on("POST", CHAT, keep_coming)
    with client.stream("POST", CHAT, json=chat_body("gpt-4o", stream=True)) as answer:
        assert next(answer.iter_bytes()) == numbered(0)
        has_left.set()
    assert upstream.wait_for_disconnect()
