"""Clients that do not read, before an upstream that never ends: what is held for them, and when
they are let go."""

import contextlib
import json
import socket

import psutil
import pytest

from tests.support.api import CHAT, chat_body, request_bytes
from tests.support.processes import wait_until
from tests.support.responders import chunk, head
from tests.support.serving import gateway_before
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

CLIENTS = 40
WRITE_TIMEOUT = 2
# Buffers of aiohttp, of uvicorn and of one block on its way; the kernel's are not the worker's.
MOST_BYTES_HELD = 2 * 2**20
BEGIN = head(content_type="text/event-stream", transfer_encoding="chunked")
EVENT = b"data: %b\n\n" % (b'{"choices":[],"padding":"' + b"x" * 8000 + b'"}')


async def flood(exchange):
    """Events as fast as they are taken."""
    await exchange.send(BEGIN)
    while True:
        await exchange.send(chunk(EVENT))


@pytest.fixture
def upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        upstream.on("POST", CHAT, flood)
        yield upstream


@pytest.fixture
def served(stores, tmp_path_factory, upstream):
    directory = tmp_path_factory.mktemp("stalled")
    environment = {"GATEWAY_WRITE_TIMEOUT": str(WRITE_TIMEOUT)}
    with gateway_before(upstream, stores, directory, **environment) as served:
        yield served


@contextlib.contextmanager
def stalled_clients(gateway, key, count):
    """Clients that ask for a stream and read nothing of it."""
    body = json.dumps(chat_body("gpt-4o", stream=True)).encode()
    lines = ("Host: localhost", f"Authorization: Bearer {key}", "Content-Type: application/json")
    request = request_bytes(CHAT, *lines, f"Content-Length: {len(body)}", method="POST", body=body)
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", gateway.port))
            client.sendall(request)
        yield


def test_stalled_clients_hold_little_memory_and_are_cut(served, upstream):
    gateway, key = served
    worker = psutil.Process(gateway.process.pid)
    with stalled_clients(gateway, key, 5):  # for memory to find its level
        assert upstream.wait_for_disconnect(count=5)
    before, peak = worker.memory_info().rss, 0

    def all_are_cut():
        nonlocal peak
        peak = max(peak, worker.memory_info().rss)
        return upstream.disconnects == 5 + CLIENTS

    with stalled_clients(gateway, key, CLIENTS):
        wait_until(lambda: len(upstream.calls) == 5 + CLIENTS, what="the calls")
        wait_until(all_are_cut, what="the end of every call")
    assert (peak - before) / CLIENTS < MOST_BYTES_HELD, f"{(peak - before) / CLIENTS / 1024:.0f} KB"
    wait_until(lambda: len(worker.net_connections("tcp")) < 5, what="the end of every connection")
