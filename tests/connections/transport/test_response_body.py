"""How a body reaches whoever waits for it."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trustme
from aiohttp.client_proto import ResponseHandler

from connections.request_extensions import VERIFY_TLS_EXTENSION
from connections.transport.response_body import LARGEST_CHUNK_BYTES
from tests.connections.transport.conftest import CHAT, PATIENT
from tests.support.processes import PATIENCE_SECONDS
from tests.support.upstream import chunk, close_after, drip, head, raw

CHUNKED = head(Transfer_Encoding="chunked")
END = chunk(b"")
MOST_SECONDS = 20  # less than asyncio waits for the farewell of a TLS peer


async def test_what_is_taken_does_not_reach_the_reader(send, upstream) -> None:
    body = b"abcdefghijklmnopqrst"
    slowly = drip(body, every=0.01, before=head(Content_Length=len(body) + 1) + b"-")
    upstream.on("POST", CHAT, slowly)
    response = await send()
    offered: list[bytes] = []

    def take(piece: bytes) -> bool:
        offered.append(piece)
        return len(offered) % 3 > 0

    read: list[bytes] = []
    async for piece in response.stream:
        response.stream.receiver = take
        read.append(piece)
    assert read[0] + b"".join(offered) == b"-" + body
    assert read[1:] == offered[2::3]


async def test_the_reader_hears_of_the_end_behind_what_was_taken(send, upstream) -> None:
    upstream.on("POST", CHAT, raw(CHUNKED + chunk(b"1") + chunk(b"2") + END))
    response = await send()
    taken = []
    response.stream.receiver = lambda piece: not taken.append(piece)
    read = [piece async for piece in response.stream]
    assert b"".join(read + taken) == b"12"


@pytest.mark.parametrize(
    "responder",
    [
        close_after(CHUNKED + chunk(b"1")),
        drip(b"zz\r\n", every=0.01, before=CHUNKED + chunk(b"1")),
    ],
)
async def test_the_reader_hears_of_a_break_at_once(send, upstream, responder) -> None:
    upstream.on("POST", CHAT, responder)
    response = await send()
    response.stream.receiver = lambda _: True
    async with asyncio.timeout(MOST_SECONDS):
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            [piece async for piece in response.stream]
    await response.aclose()


async def test_chunks_that_are_taken_one_by_one_are_not_parsed(send, upstream, monkeypatch) -> None:
    words = [b"%d" % number for number in range(10)]
    upstream.on("POST", CHAT, drip([*map(chunk, words), END], every=0.01, before=CHUNKED))
    response = await send()
    taken: list[bytes] = []
    parsed: asyncio.Queue[bytes] = asyncio.Queue()
    monkeypatch.setattr(ResponseHandler, "data_received", lambda _, data: parsed.put_nowait(data))
    response.stream.receiver = lambda piece: taken.append(piece) or True
    reading = asyncio.ensure_future(anext(aiter(response.stream)))
    async with asyncio.timeout(MOST_SECONDS):
        assert await parsed.get() == END
    assert taken == words
    reading.cancel()
    await response.aclose()


async def test_chunks_that_are_taken_are_signs_of_life(send, upstream) -> None:
    slowly = drip([*map(chunk, [b"1", b"2", b"3", b"4", b"5"])], every=0.3, before=CHUNKED)
    upstream.on("POST", CHAT, slowly)
    response = await send(timeouts=replace(PATIENT, idle=1))
    taken: list[bytes] = []
    response.stream.receiver = lambda piece: taken.append(piece) or True
    with pytest.raises(httpx.ReadTimeout):
        [piece async for piece in response.stream]
    assert taken == [b"1", b"2", b"3", b"4", b"5"]
    await response.aclose()


async def test_the_connection_is_used_again_behind_chunks_that_were_taken(send, upstream) -> None:
    words = [b"1", b"2", b"3"]
    upstream.on("POST", CHAT, drip([*map(chunk, words), END], every=0.01, before=CHUNKED))
    for _ in range(2):
        response = await send()
        taken: list[bytes] = []
        response.stream.receiver = lambda piece, taken=taken: taken.append(piece) or True
        assert [piece async for piece in response.stream] == []
        assert taken == words
    assert upstream.connections == 1


async def test_a_body_of_another_framing_that_looks_like_chunks_is_one_all_the_same(
    send, upstream
) -> None:
    parts = [chunk(b"1"), chunk(b"2"), END]
    before = head(Content_Length=sum(map(len, parts)))
    upstream.on("POST", CHAT, drip(parts, every=0.01, before=before))
    response = await send()
    taken: list[bytes] = []
    response.stream.receiver = lambda piece: taken.append(piece) or True
    assert [piece async for piece in response.stream] == []
    assert taken == parts


async def test_a_break_is_heard_of_though_tls_waits_for_the_peer(transport) -> None:
    """The peer says no farewell, for which aiohttp's closing of the connection waits."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    has_heard = threading.Event()

    def answer(listener: socket.socket) -> None:
        with context.wrap_socket(listener.accept()[0], server_side=True) as peer:
            peer.recv(65536)
            peer.sendall(CHUNKED + chunk(b"1"))
            has_read.wait(PATIENCE_SECONDS)
            peer.sendall(b"zz\r\n")
            has_heard.wait(PATIENCE_SECONDS)

    has_read = threading.Event()
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        authority.cert_pem.tempfile() as ca,
        ThreadPoolExecutor(1) as threads,
    ):
        threads.submit(answer, listener)
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        extensions = {VERIFY_TLS_EXTENSION: Path(ca)}
        request = httpx.Request("POST", url, content=b"{}", extensions=extensions)
        response = await transport.handle_async_request(request)
        pieces = aiter(response.stream)
        assert await anext(pieces) == b"1"
        has_read.set()
        try:
            async with asyncio.timeout(MOST_SECONDS):
                with pytest.raises(httpx.RemoteProtocolError):
                    await anext(pieces)
        finally:
            has_heard.set()
            await response.aclose()


async def test_what_goes_wrong_in_taking_is_the_readers(send, upstream) -> None:
    upstream.on("POST", CHAT, drip(b"23", every=0.01, before=head(Content_Length=3) + b"1"))
    response = await send()

    def take(piece: bytes) -> bool:
        raise RuntimeError("a mistake")

    response.stream.receiver = take
    async with asyncio.timeout(MOST_SECONDS):
        with pytest.raises(RuntimeError, match="a mistake"):
            [piece async for piece in response.stream]
    await response.aclose()


@pytest.mark.parametrize("keeps", [lambda _: True, lambda n: n % 2, lambda n: n > 9])
async def test_a_flood_keeps_its_order(send, upstream, keeps) -> None:
    """More than aiohttp buffers: reading lets the connection go on in the midst of being read."""
    body = b"".join(b"%07d\n" % number for number in range(400_000))
    pieces = (body[at : at + 9999] for at in range(0, len(body), 9999))
    upstream.on("POST", CHAT, raw(CHUNKED + b"".join(map(chunk, pieces)) + END))
    response = await send()
    got: list[bytes] = []
    asked = 0

    def take(piece: bytes) -> bool:
        nonlocal asked
        asked += 1
        if keeps(asked):
            got.append(piece)
            return True
        return False

    response.stream.receiver = take
    async for piece in response.stream:
        got.append(piece)
        await asyncio.sleep(0)
    assert b"".join(got) == body
    assert max(map(len, got)) <= LARGEST_CHUNK_BYTES


async def test_a_packed_body_is_nobodys_to_take(send, upstream) -> None:
    packed = gzip.compress(b"data: 1\n\n")
    answer = head(Content_Encoding="gzip", Content_Length=len(packed)) + packed
    upstream.on("POST", CHAT, raw(answer))
    response = await send()
    assert not hasattr(response.stream, "receiver")
    assert b"".join([piece async for piece in response.stream]) == b"data: 1\n\n"


async def test_a_connection_tells_nobody_of_the_next_answer_on_it(send, upstream) -> None:
    upstream.on("POST", CHAT, raw(CHUNKED + chunk(b"1") + END))
    first = await send()
    assert [piece async for piece in first.stream] == [b"1"]
    first.stream.receiver = lambda _: pytest.fail("it has had its answer")
    second = await send()
    assert [piece async for piece in second.stream] == [b"1"]
    assert upstream.connections == 1
