"""Bodies in pieces: which clock runs while they are sent, and which one after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from connections.request_extensions import TIMEOUTS_EXTENSION
from connections.transport import AiohttpTransport
from connections.upstream import Timeouts
from tests.connections.transport.conftest import CHAT
from tests.support.upstream import hang, head, json_response, stall_reading

PIECE = b"x" * 65_536
LONG = 60.0
ALWAYS = 10**6


async def pieces(count: int, *, every: float = 0.0) -> AsyncIterator[bytes]:
    for _ in range(count):
        await asyncio.sleep(every)
        yield PIECE


async def pieces_that_stop_coming() -> AsyncIterator[bytes]:
    yield PIECE
    await asyncio.Event().wait()


async def test_an_upload_may_be_slower_than_its_answer(send, upstream):
    upstream.on("POST", CHAT, json_response({}))
    timeouts = Timeouts(connect=5, first_byte=0.6, idle=0.6, total=0.6)
    response = await send(content=pieces(9, every=0.1), timeouts=timeouts)
    assert response.status_code == 200
    assert upstream.requests[0].body == PIECE * 9
    await response.aclose()


async def test_an_upload_that_is_not_taken_ends_by_the_idle_timeout(send, upstream):
    upstream.on("POST", CHAT, stall_reading)
    timeouts = Timeouts(connect=5, first_byte=LONG, idle=0.2, total=LONG, upload=LONG)
    with pytest.raises(httpx.ReadTimeout):
        await send(content=pieces(ALWAYS), timeouts=timeouts)
    assert upstream.wait_for_request()


async def test_an_upload_that_never_ends_is_ended(send, upstream):
    timeouts = Timeouts(connect=5, first_byte=LONG, idle=LONG, total=LONG, upload=0.2)
    with pytest.raises(httpx.ReadTimeout):
        await send(content=pieces_that_stop_coming(), timeouts=timeouts)
    assert await asyncio.to_thread(upstream.wait_for_disconnect, 1)


@pytest.mark.parametrize("brief", ["first_byte", "total"])
async def test_the_answer_is_due_once_all_was_sent(send, upstream, brief):
    upstream.on("POST", CHAT, hang())
    limits = {"first_byte": LONG, "idle": LONG, "total": LONG} | {brief: 0.2}
    with pytest.raises(httpx.ReadTimeout):
        await send(content=pieces(4, every=0.1), timeouts=Timeouts(connect=5, **limits))
    assert upstream.requests[0].body == PIECE * 4


async def test_an_upload_goes_on_under_an_answer_that_has_begun(transport: AiohttpTransport):
    async def answer_early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head(Content_Length=2))
        await writer.drain()
        await reader.readuntil(b"\r\n0\r\n\r\n")
        writer.write(b"ok")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer_early, "127.0.0.1", 0, limit=2**20)
    async with server:
        port = server.sockets[0].getsockname()[1]
        request = httpx.Request(
            "POST", f"http://127.0.0.1:{port}{CHAT}", content=pieces(9, every=0.1)
        )
        request.extensions[TIMEOUTS_EXTENSION] = Timeouts(
            connect=5, first_byte=0.6, idle=0.6, total=0.6
        )
        response = await transport.handle_async_request(request)
        assert b"".join([piece async for piece in response.stream]) == b"ok"
        await response.aclose()
