"""uvicorn with the gateway's protocol, on loopback."""

from __future__ import annotations

import asyncio
import gc
import socket
import struct
from contextlib import suppress

import pytest
import uvicorn

from gateway_project.answer_head import HeadWithBody
from gateway_project.at_once import SHORT_BODY
from gateway_project.protocol import (
    MOST_HEADER_BYTES,
    MOST_HEADERS,
    MOST_UNANSWERED,
    GatewayProtocol,
    GatewaySocketProtocol,
)
from proxy.client_side.scope_extensions import (
    ABORT_EXTENSION,
    ANSWER_EXTENSION,
    BODY_EXTENSION,
    GONE_EXTENSION,
    WRITE_EXTENSION,
)
from tests.support.processes import PATIENCE_SECONDS
from tests.support.protocol_server import echo, serving, serving_as

PING = 0x89  # the first byte of a WebSocket's ping


async def answer(port: int, head: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    try:
        return await reader.read()
    finally:
        writer.close()


def a_head(*lines: bytes) -> bytes:
    fields = (b"Host: a", b"Connection: close", *lines)
    return b"\r\n".join((b"GET / HTTP/1.1", *fields, b"", b""))


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


async def test_a_body_that_has_come_with_its_head_is_taken_at_once() -> None:
    taken = []

    async def take(scope, receive, send) -> None:
        take = scope["extensions"][BODY_EXTENSION]
        taken.extend([take(1), take(2), take(2)])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    async with serving(take) as port:
        await answer(port, a_head(b"content-length: 2") + b"{}")
    assert taken == [None, b"{}", b""]


async def test_a_body_that_is_still_to_come_is_not_taken() -> None:
    taken = []

    async def take(scope, receive, send) -> None:
        taken.append(scope["extensions"][BODY_EXTENSION](100))
        taken.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    async with serving(take) as port:
        await answer(port, a_head(b"content-length: 2") + b"{")
    assert taken == [None, b"{"]


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


class Recorded(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data) -> None:
        assert not self.is_closing()
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.writes.append(b"closed")

    def is_closing(self) -> bool:
        return b"closed" in self.writes


class Cycle:
    transport: asyncio.Transport


async def test_the_head_goes_out_with_what_is_written_behind_it() -> None:
    cycle, transport = Cycle(), Recorded()
    cycle.transport = HeadWithBody(cycle, transport, asyncio.get_running_loop())
    cycle.transport.write(b"head")
    cycle.transport.write(b"body")
    assert cycle.transport is transport
    await asyncio.sleep(0)
    assert transport.writes == [b"headbody"]


async def test_a_head_with_nothing_behind_it_goes_out_at_once() -> None:
    cycle, transport = Cycle(), Recorded()
    cycle.transport = HeadWithBody(cycle, transport, asyncio.get_running_loop())
    cycle.transport.write(b"head")
    await asyncio.sleep(0)
    assert (transport.writes, cycle.transport) == ([b"head"], transport)


async def test_a_head_is_not_written_to_a_connection_that_was_lost_meanwhile() -> None:
    cycle, transport = Cycle(), Recorded()
    cycle.transport = HeadWithBody(cycle, transport, asyncio.get_running_loop())
    cycle.transport.write(b"head")
    transport.close()
    await asyncio.sleep(0)
    assert transport.writes == [b"closed"]


async def test_a_head_is_not_lost_when_the_connection_is_closed_behind_it() -> None:
    cycle, transport = Cycle(), Recorded()
    cycle.transport = HeadWithBody(cycle, transport, asyncio.get_running_loop())
    cycle.transport.write(b"head")
    cycle.transport.close()
    await asyncio.sleep(0)
    assert transport.writes == [b"head", b"closed"]


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


FIELDS = [(b"content-type", b"text/plain"), (b"x-tab", b"a\tb")]


async def test_a_whole_answer_is_written_at_once() -> None:
    async def whole(scope, receive, send) -> None:
        write = scope["extensions"][ANSWER_EXTENSION]
        assert write(200, FIELDS, scope["path"].encode())
        with pytest.raises(RuntimeError, match="already completed"):
            await send({"type": "http.response.start", "status": 200, "headers": []})

    first = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
    async with serving(whole) as port:
        answers = await answer(port, first + a_head().replace(b"/", b"/2", 1))
    head, one, other = answers.split(b"\r\n\r\n")
    first_line, *lines = head.split(b"\r\n")
    assert first_line == b"HTTP/1.1 200 OK"
    assert {b"content-type: text/plain", b"x-tab: a\tb", b"content-length: 2"} <= set(lines)
    assert b"connection: close" not in lines
    assert one.startswith(b"/1HTTP/1.1 200 OK\r\n")
    assert b"\r\nconnection: close\r\n" in one
    assert other == b"/2"


async def test_no_second_answer_is_written() -> None:
    async def whole(scope, receive, send) -> None:
        write = scope["extensions"][ANSWER_EXTENSION]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert not write(200, [], b"behind a head")
        await send({"type": "http.response.body", "body": b"first"})
        assert not write(200, [], b"behind an answer")

    async with serving(whole) as port, asyncio.timeout(PATIENCE_SECONDS):
        said = await answer(port, a_head())
    assert said.count(b"HTTP/1.1") == 1
    assert b"first" in said
    assert b"behind" not in said


@pytest.mark.parametrize("length", [0, SHORT_BODY, SHORT_BODY + 1, 3_000_000])
async def test_a_whole_answer_has_a_body_of_any_length(length: int) -> None:
    async def whole(scope, receive, send) -> None:
        assert scope["extensions"][ANSWER_EXTENSION](200, [], b"x" * length)

    async with serving(whole) as port, asyncio.timeout(PATIENCE_SECONDS):
        _, _, body = (await answer(port, a_head())).partition(b"\r\n\r\n")
    assert body == b"x" * length


@pytest.mark.parametrize(
    ("method", "status", "fields"),
    [
        (b"HEAD", 200, FIELDS),
        (b"GET", 204, FIELDS),
        (b"GET", 304, FIELDS),
        (b"GET", 101, FIELDS),
        (b"GET", 999, FIELDS),
        (b"GET", 200, [(b"x-a", b"b\r\nset-cookie: c")]),
        (b"GET", 200, [(b"x-a", b"b\nc")]),
        (b"GET", 200, [(b"x-a", b"b\rc")]),
        (b"GET", 200, [(b"x-a", b"b\0c")]),
        (b"GET", 200, [(b"x-a\r\nb", b"c")]),
        (b"GET", 200, [(b"x-a b", b"c")]),
        (b"GET", 200, [(b"x-a:b", b"c")]),
        (b"GET", 200, [(b"X-A", b"c")]),
        (b"GET", 200, [(b"connection", b"close")]),
        (b"GET", 200, [(b"content-length", b"9")]),
        (b"GET", 200, [(b"transfer-encoding", b"chunked")]),
    ],
)
async def test_an_answer_that_is_not_plain_is_left_to_the_server(method, status, fields) -> None:
    async def whole(scope, receive, send) -> None:
        assert not scope["extensions"][ANSWER_EXTENSION](status, fields, b"body")
        await bodiless(scope, receive, send)

    async with serving(whole) as port, asyncio.timeout(PATIENCE_SECONDS):
        said = await answer(port, a_head().replace(b"GET", method))
    assert said.startswith(b"HTTP/1.1 204 ")
    assert b"x-a" not in said


@pytest.mark.parametrize("is_last", [True, False])
async def test_a_client_is_told_to_go_on_before_its_answer(is_last: bool) -> None:
    """Its body has come with the head, and is read in the turn in which it is answered."""

    async def whole(scope, receive, send) -> None:
        await receive()
        headers = [(b"content-length", b"2")]
        if not scope["extensions"][ANSWER_EXTENSION](200, [], b"ok"):
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"ok"})

    head = a_head(b"Expect: 100-continue", b"Content-Length: 1")
    if not is_last:
        head = head.replace(b"Connection: close\r\n", b"")
    async with serving(whole) as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + b"x")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200 ")
        if not is_last:
            writer.write(a_head())
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_a_whole_answer_waits_for_a_client_that_does_not_read() -> None:
    """The answer before it fills the buffers, so this one is left to the server, which waits."""
    refused = asyncio.get_running_loop().create_future()

    async def whole(scope, receive, send) -> None:
        write = scope["extensions"][ANSWER_EXTENSION]
        if scope["path"] == "/1":
            assert write(200, [], b"x" * 50_000_000)
        else:
            refused.set_result(not write(200, [], b"second"))
            await echo(scope, receive, send)

    first = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
    async with serving(whole) as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(first + a_head().replace(b"/", b"/2", 1))
        assert await refused
        assert (await reader.read()).endswith(b"2 True")
        writer.close()


async def test_no_answer_is_written_to_a_client_that_has_left() -> None:
    has_left, is_told = asyncio.Event(), asyncio.Event()

    async def whole(scope, receive, send) -> None:
        scope["extensions"][GONE_EXTENSION](has_left.set)
        await has_left.wait()
        assert not scope["extensions"][ANSWER_EXTENSION](200, [], b"to nobody")
        is_told.set()

    async with serving(whole) as port, asyncio.timeout(PATIENCE_SECONDS):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(a_head())
        await asyncio.sleep(0)
        writer.transport.abort()
        await is_told.wait()


async def test_a_part_is_written_at_once_while_the_client_keeps_up() -> None:
    async def stream(scope, receive, send) -> None:
        write = scope["extensions"][WRITE_EXTENSION]
        assert not write(b"too early")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert write(b"a")
        await send({"type": "http.response.body", "body": b"b", "more_body": True})
        assert write(b"c" * 20)
        await send({"type": "http.response.body"})
        assert not write(b"too late")

    async with serving(stream) as port:
        head, _, body = (await answer(port, a_head())).partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert body == b"1\r\na\r\n1\r\nb\r\n14\r\n" + b"c" * 20 + b"\r\n0\r\n\r\n"


async def test_a_part_is_written_at_once_to_a_client_of_http_1_0() -> None:
    async def stream(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert scope["extensions"][WRITE_EXTENSION](b"abc")
        await send({"type": "http.response.body"})

    async with serving(stream) as port:
        said = await answer(port, a_head().replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert said.count(b"abc") == 1


async def test_nothing_is_written_at_once_to_a_client_that_has_to_be_waited_for() -> None:
    written = asyncio.get_running_loop().create_future()

    async def stream(scope, receive, send) -> None:
        write = scope["extensions"][WRITE_EXTENSION]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        parts = 0
        while parts < 1000 and write(b"x" * 2**16):
            parts += 1
        written.set_result(parts)
        await receive()
        await receive()
        assert not write(b"to nobody")

    async with serving(stream) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(a_head())
        assert 0 < await written < 1000
        writer.close()


async def test_parts_go_to_the_answer_whose_turn_it_is() -> None:
    async def stream(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert scope["extensions"][WRITE_EXTENSION](scope["path"].encode())
        await send({"type": "http.response.body"})

    first = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
    async with serving(stream) as port:
        answers = await answer(port, first + a_head().replace(b"/", b"/2", 1))
    assert [one[:9] for one in answers.split(b"\r\n\r\n")[1::2]] == [
        b"2\r\n/1\r\n0",
        b"2\r\n/2\r\n0",
    ]


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
