"""uvicorn with the gateway's protocol, on loopback."""

from __future__ import annotations

import asyncio
import gc
import socket
import struct
from contextlib import suppress

import pytest
import uvicorn

from gateway_project.protocol import (
    MOST_HEADER_BYTES,
    MOST_HEADERS,
    MOST_UNANSWERED,
    GatewayProtocol,
    GatewaySocketProtocol,
)
from proxy.client_side.scope_extensions import (
    ABORT_EXTENSION,
    BODY_EXTENSION,
    GONE_EXTENSION,
)
from tests.support.processes import PATIENCE_SECONDS
from tests.support.protocol_server import a_head, answer, echo, serving, serving_as

PING = 0x89  # the first byte of a WebSocket's ping


async def test_as_many_headers_as_anyone_needs_are_taken() -> None:
    async with serving() as port:
        lines = [b"X-%d: y" % n for n in range(MOST_HEADERS - 2)]
        assert (await answer(port, a_head(*lines))).endswith(b"\r\n\r\n200 True")


@pytest.mark.parametrize(
    "lines",
    [[b"X: y"] * (MOST_HEADERS + 1), [b"X: " + b"y" * 9000] * (MOST_HEADER_BYTES // 9000 + 1)],
)
async def test_too_many_headers_are_400(lines: list[bytes]) -> None:
    async with serving() as port:
        assert (await answer(port, a_head(*lines))).startswith(b"HTTP/1.1 400 ")


async def test_the_count_starts_again_with_each_request() -> None:
    async with serving() as port:
        lines = [b"X: y"] * (MOST_HEADERS - 10)
        first = a_head(*lines).replace(b"Connection: close\r\n", b"")
        assert (await answer(port, first + a_head(*lines))).count(b"HTTP/1.1 200 ") == 2


@pytest.mark.parametrize("beginning", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n"])
async def test_a_client_that_never_ends_its_headers_is_dropped(settings, beginning: bytes) -> None:
    settings.GATEWAY_HEADER_TIMEOUT = 0.1
    async with serving() as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(beginning)
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


async def test_a_further_head_that_never_ends_is_dropped(settings) -> None:
    settings.GATEWAY_HEADER_TIMEOUT = 0.2
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(a_head())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"GET / HTTP/1.1\r\nx-half: ")
        async with asyncio.timeout(PATIENCE_SECONDS):
            with suppress(ConnectionResetError):
                await reader.read()
        writer.close()


@pytest.mark.parametrize(
    ("head", "rest"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b""),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na", b"b"),
    ],
    ids=["nothing", "an empty line", "the rest of a body"],
)
async def test_a_connection_with_no_further_request_is_closed(head: bytes, rest: bytes) -> None:
    """Whatever else has come behind the answer."""
    config = uvicorn.Config(
        echo, http=GatewayProtocol, lifespan="off", log_config=None, timeout_keep_alive=1
    )
    async with serving_as(config) as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        await reader.readuntil(b" True")
        writer.write(rest)
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


async def test_a_connection_that_was_reset_while_idle_is_forgotten() -> None:
    config = uvicorn.Config(
        echo, http=GatewayProtocol, lifespan="off", log_config=None, timeout_keep_alive=600
    )
    async with serving_as(config) as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b" True")
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        while any(isinstance(one, GatewayProtocol) for one in gc.get_objects()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_body_that_nobody_read_is_not_kept_until_the_next_request() -> None:
    connections: list[GatewayProtocol] = []

    async def view(scope, receive, send) -> None:
        connections.append(scope["extensions"][BODY_EXTENSION].__self__)
        assert len(connections[0].cycle.body) == 1000
        await echo(scope, receive, send)

    async with serving(view) as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = a_head(b"Content-Length: 1000").replace(b"Connection: close\r\n", b"")
        writer.write(head + b"x" * 1000)
        await reader.readuntil(b"2 True")
        assert len(connections[0].cycle.body) == 0
        writer.close()


async def test_a_connection_in_use_outlives_the_limit_on_headers(settings) -> None:
    settings.GATEWAY_HEADER_TIMEOUT = 0.1
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    async with serving() as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(request)
            assert await reader.readuntil(b"True")
            await asyncio.sleep(0.3)  # longer than the limit, and well within keep-alive
        writer.close()


async def test_a_client_that_asks_on_without_waiting_is_refused() -> None:
    async def never(scope, receive, send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async with serving(never) as port, asyncio.timeout(PATIENCE_SECONDS):
        asked = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * (MOST_UNANSWERED + 1)
        assert (await answer(port, asked)).startswith(b"HTTP/1.1 400 ")


async def test_requests_that_do_not_wait_are_answered_in_turn() -> None:
    async with serving() as port, asyncio.timeout(PATIENCE_SECONDS):
        asked = a_head().replace(b"Connection: close\r\n", b"") * (MOST_UNANSWERED - 1)
        assert (await answer(port, asked + a_head())).count(b"HTTP/1.1 200 ") == MOST_UNANSWERED


async def cut_off(scope, receive, send) -> None:
    headers = [(b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hel", "more_body": True})
    scope["extensions"][ABORT_EXTENSION]()


async def test_an_answer_that_is_cut_on_purpose_is_no_error_of_the_server(caplog) -> None:
    async with serving(cut_off) as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(a_head())
        with suppress(ConnectionResetError):
            assert (await reader.read()).endswith(b"Hel")
        writer.close()
    assert [record for record in caplog.records if record.levelname != "INFO"] == []


async def test_a_client_that_leaves_ends_each_of_the_requests_it_did_not_wait_for() -> None:
    begun, gone = asyncio.Event(), asyncio.Event()

    async def wait(scope, receive, send) -> None:
        assert (await receive())["type"] == "http.request"
        begun.set()
        assert (await receive())["type"] == "http.disconnect"
        gone.set()

    async with serving(wait) as port, asyncio.timeout(PATIENCE_SECONDS):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(a_head().replace(b"Connection: close\r\n", b"") * 2)
        await begun.wait()
        writer.transport.abort()
        await gone.wait()


async def bodiless(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
async def test_an_answer_without_a_body_ends(method: bytes) -> None:
    async with serving(bodiless) as port, asyncio.timeout(PATIENCE_SECONDS):
        said = await answer(port, a_head().replace(b"GET", method))
        assert said.startswith(b"HTTP/1.1 204 ")
        assert said.endswith(b"\r\n\r\n")


async def test_a_client_that_asks_whether_to_send_its_body_is_told_to() -> None:
    async def reading(scope, receive, send) -> None:
        message = await receive()
        while message["more_body"]:
            message = await receive()
        await echo(scope, receive, send)

    async with serving(reading) as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(a_head(b"Expect: 100-continue", b"Content-Length: 1"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"x")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()


@pytest.mark.parametrize("leaves_first", [False, True])
async def test_it_is_told_when_the_client_leaves(leaves_first: bool) -> None:
    has_read, has_left, is_told = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def wait(scope, receive, send) -> None:
        await receive()
        has_read.set()
        if leaves_first:
            await has_left.wait()
        scope["extensions"][GONE_EXTENSION](is_told.set)
        await is_told.wait()

    async with serving(wait) as port, asyncio.timeout(PATIENCE_SECONDS):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(a_head())
        await has_read.wait()
        writer.transport.abort()
        await writer.wait_closed()
        has_left.set()
        await is_told.wait()


async def test_a_client_that_leaves_is_noticed_behind_a_body_that_was_held_back() -> None:
    """A body larger than what is buffered stops the reading, and with it the news."""
    is_piled_up, has_read, is_told = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def wait(scope, receive, send) -> None:
        await is_piled_up.wait()
        while (await receive())["more_body"]:
            pass
        scope["extensions"][GONE_EXTENSION](is_told.set)
        has_read.set()
        await is_told.wait()

    async with serving(wait) as port, asyncio.timeout(PATIENCE_SECONDS):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(a_head(b"Content-Length: 300000").replace(b"GET", b"POST") + b"x" * 300000)
        await writer.drain()
        is_piled_up.set()
        await has_read.wait()
        writer.transport.abort()
        await is_told.wait()


async def test_a_handshake_behind_a_request_that_is_not_answered_ends_the_connection() -> None:
    is_told = asyncio.Event()

    async def wait(scope, receive, send) -> None:
        assert scope["type"] == "http"
        scope["extensions"][GONE_EXTENSION](is_told.set)
        await is_told.wait()

    async with serving(wait) as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        upgrade = (
            b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        )
        first = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        writer.write(first + first.replace(b"\r\n\r\n", b"\r\n") + upgrade)
        await is_told.wait()
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


async def test_a_socket_that_answers_no_ping_is_cut_without_a_farewell() -> None:
    async def accept(scope, receive, send) -> None:
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    config = uvicorn.Config(
        accept,
        http=GatewayProtocol,
        ws=GatewaySocketProtocol,
        ws_ping_interval=0.05,
        ws_ping_timeout=0.05,
        lifespan="off",
        log_config=None,
    )
    key = b"Sec-WebSocket-Key: " + b"A" * 22 + b"=="
    fields = (b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", key)
    handshake = a_head(*fields).replace(b"Connection: close", b"Connection: Upgrade")
    async with serving_as(config) as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(handshake)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        said = b""
        with suppress(ConnectionResetError):
            while part := await reader.read(1000):
                said += part
        assert said[0] == PING
        assert b"keepalive" not in said
        writer.close()
