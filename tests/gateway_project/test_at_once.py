"""What views read and write at once, over loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn

from gateway_project.at_once import SHORT_BODY
from gateway_project.protocol import GatewayProtocol
from proxy.client_side.scope_extensions import (
    ABORT_EXTENSION,
    BODY_EXTENSION,
    RESPONSE_EXTENSION,
    WRITE_EXTENSION,
)
from tests.support.processes import PATIENCE_SECONDS
from tests.support.protocol_server import a_head, answer, serving, serving_as

FIRST = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
SECOND = a_head().replace(b"/", b"/2", 1)
SOON_SECONDS = 3  # before uvicorn lets go of an idle connection by itself


def respond(scope: Any, body: bytes = b"ok", *, status: int = 200, fields: Any = ()) -> bool:
    """Whether the response was written."""
    extensions = scope["extensions"]
    written: bool = extensions[RESPONSE_EXTENSION](extensions, status, list(fields), body)
    return written


async def by_asgi(send: Any, body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def noting(view: Callable[..., Any]) -> Any:
    """The port of a server for ``view``, and a list that the view may put in what it finds.

    uvicorn swallows the errors of a view.
    """
    found: list[object] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await view(scope, receive, send, found)

    async with serving(application) as port, asyncio.timeout(PATIENCE_SECONDS):
        yield port, found


async def test_a_whole_response_is_written_at_once() -> None:
    async def view(scope, receive, send, found) -> None:
        fields = [(b"content-type", b"text/plain")]
        found.append(respond(scope, scope["path"].encode(), fields=fields))

    async with noting(view) as (port, found):
        head, one, other = (await answer(port, FIRST + SECOND)).split(b"\r\n\r\n")
    assert head == b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2"
    assert one.startswith(b"/1HTTP/1.1 200 OK\r\n")
    assert b"\r\nconnection: close\r\n" in one
    assert (other, found) == (b"/2", [True, True])


async def test_a_connection_that_its_client_ends_is_ended_behind_the_response() -> None:
    async def view(scope, receive, send, found) -> None:
        respond(scope)

    async with noting(view) as (port, _), asyncio.timeout(SOON_SECONDS):
        assert (await answer(port, a_head())).endswith(b"ok")


async def test_the_default_headers_of_the_server_are_written() -> None:
    async def view(scope: Any, receive: Any, send: Any) -> None:
        respond(scope)

    config = uvicorn.Config(
        view, http=GatewayProtocol, lifespan="off", log_config=None, access_log=False
    )
    async with serving_as(config, headers=[(b"date", b"now")]) as port:
        assert (await answer(port, a_head())).count(b"\r\ndate: now\r\n") == 1


async def test_the_access_log_is_left_to_the_server() -> None:
    found = []

    async def view(scope: Any, receive: Any, send: Any) -> None:
        found.append(respond(scope))
        await by_asgi(send, b"ok")

    config = uvicorn.Config(view, http=GatewayProtocol, lifespan="off", log_config=None)
    async with serving_as(config) as port:
        assert (await answer(port, a_head())).endswith(b"ok")
    assert found == [False]


async def test_no_second_response_is_written_not_even_to_the_next_request() -> None:
    async def view(scope, receive, send, found) -> None:
        found.append(respond(scope, b"first"))
        found.append(respond(scope, b"second"))

    async with noting(view) as (port, found):
        said = await answer(port, FIRST + SECOND)
    assert found == [True, False] * 2
    assert (said.count(b"first"), said.count(b"second")) == (2, 0)


async def test_no_response_is_written_behind_a_head() -> None:
    async def view(scope, receive, send, found) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        found.append(respond(scope, b"second"))
        await send({"type": "http.response.body", "body": b"first"})

    async with noting(view) as (port, found):
        said = await answer(port, a_head())
    assert (found, said.count(b"first"), said.count(b"second")) == ([False], 1, 0)


async def test_who_reads_on_behind_a_response_learns_that_it_is_complete() -> None:
    async def view(scope, receive, send, found) -> None:
        respond(scope)
        found.append(await receive())

    async with noting(view) as (port, found):
        said = await answer(port, a_head(b"Expect: 100-continue", b"Content-Length: 1"))
    assert found == [{"type": "http.disconnect"}]
    assert b"100 Continue" not in said


async def test_who_waits_for_the_client_learns_of_a_response_that_another_task_wrote() -> None:
    told = asyncio.get_running_loop().create_future()

    async def view(scope, receive, send, found) -> None:
        await receive()
        waiting = asyncio.create_task(receive())
        await asyncio.sleep(0)
        respond(scope)
        told.set_result(await waiting)

    async with noting(view) as (port, _):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(FIRST)
        assert await told == {"type": "http.disconnect"}
        writer.close()


@pytest.mark.parametrize("length", [0, SHORT_BODY, SHORT_BODY + 1, 3_000_000])
async def test_a_whole_response_has_a_body_of_any_length(length: int) -> None:
    async def view(scope, receive, send, found) -> None:
        found.append(respond(scope, b"x" * length))

    async with noting(view) as (port, found):
        _, _, body = (await answer(port, a_head())).partition(b"\r\n\r\n")
    assert (body, found) == (b"x" * length, [True])


@pytest.mark.parametrize(
    ("method", "status", "fields"),
    [
        (b"HEAD", 200, []),
        (b"GET", 204, []),
        (b"GET", 200, [(b"connection", b"close")]),
        (b"GET", 200, [(b"x-a", b"b\r\nset-cookie: c")]),
    ],
)
async def test_a_response_that_is_not_plain_is_left_to_the_server(method, status, fields) -> None:
    async def view(scope, receive, send, found) -> None:
        found.append(respond(scope, status=status, fields=fields))
        await by_asgi(send, b"")

    async with noting(view) as (port, found):
        said = await answer(port, a_head().replace(b"GET", method))
    assert found == [False]
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"x-a" not in said


@pytest.mark.parametrize("is_last", [True, False])
async def test_a_client_is_told_to_go_on_before_its_response(is_last: bool) -> None:
    """Its body has come with the head, and is read in the turn in which it is answered."""

    async def view(scope, receive, send, found) -> None:
        await receive()
        found.append(respond(scope))
        if not found[-1]:
            await by_asgi(send, b"ok")

    head = a_head(b"Expect: 100-continue", b"Content-Length: 1")
    if not is_last:
        head = head.replace(b"Connection: close\r\n", b"")
    async with noting(view) as (port, found):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head + b"x")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200 ")
        if not is_last:
            writer.write(a_head())
            assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
        writer.close()
    assert found[0] is False


async def test_a_whole_response_waits_for_a_client_that_does_not_read() -> None:
    """The response before it fills the buffers, so this one is left to the server, which waits."""
    large = b"x" * 30_000_000
    second = asyncio.get_running_loop().create_future()

    async def view(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/1":
            respond(scope, large)
        else:
            second.set_result(respond(scope, b"second"))
            await by_asgi(send, b"by the server")

    async with serving(view) as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(FIRST + SECOND)
        assert await second is False
        assert (await reader.read()).endswith(b"by the server")
        writer.close()


@pytest.mark.parametrize("turns", [0, 5])
async def test_no_response_is_written_to_a_connection_that_was_cut(turns: int) -> None:
    written = asyncio.get_running_loop().create_future()

    async def view(scope: Any, receive: Any, send: Any) -> None:
        scope["extensions"][ABORT_EXTENSION]()
        for _ in range(turns):
            await asyncio.sleep(0)
        written.set_result(respond(scope))

    async with serving(view) as port, asyncio.timeout(PATIENCE_SECONDS):
        with suppress(ConnectionResetError):
            assert await answer(port, a_head()) == b""
        assert await written is False


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
        assert not write(b"behind the end")

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
