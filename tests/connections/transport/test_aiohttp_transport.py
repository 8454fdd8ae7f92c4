"""What is sent, what comes back, and what becomes of the connection."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace

import httpx
import pytest

from connections.errors import OutOfTimeError, TransportStoppedError
from connections.transport import AiohttpTransport
from connections.upstream import Timeouts
from tests.connections.transport.conftest import CHAT, PATIENT, sender
from tests.support.upstream import (
    ScriptedUpstream,
    chunk,
    close_after,
    drip,
    hang,
    head,
    json_response,
    raw,
    sse,
)


async def collect(response: httpx.Response, pieces: list[bytes]) -> None:
    try:
        async for piece in response.stream:
            pieces.append(piece)  # noqa: PERF401 - what came before an error stays
    finally:
        await response.aclose()


async def body_of(response: httpx.Response) -> bytes:
    pieces: list[bytes] = []
    await collect(response, pieces)
    return b"".join(pieces)


async def test_status_headers_and_body_come_as_they_were_sent(send, upstream):
    upstream.on("POST", CHAT, raw(head(418, X_Odd="a\xe9b", Content_Length=2) + b"ok"))
    response = await send()
    assert (response.status_code, await body_of(response)) == (418, b"ok")
    assert response.headers.raw == [(b"X-Odd", b"a\xe9b"), (b"Content-Length", b"2")]


async def test_the_upstream_gets_exactly_our_headers(send, upstream):
    await body_of(await send(headers=[("X-team", "a"), ("X-team", "b")], content=b"{}"))
    assert upstream.requests[0].headers == [
        ("Host", f"127.0.0.1:{upstream.port}"),
        ("X-team", "a"),
        ("X-team", "b"),
        ("Content-Length", "2"),
    ]


@pytest.mark.parametrize("path", ["/v1/models/a%2Fb%3Afree?x=%3A", "/v1/a:b/%E2%82%AC%2e"])
async def test_the_path_is_sent_as_it_was_built(send, upstream, path):
    await body_of(await send("GET", path))
    assert upstream.requests[0].target == path


@pytest.mark.parametrize("size", [1, 70_000, 5_000_000])
async def test_a_body_arrives_whole(send, upstream, size):
    upstream.on("POST", CHAT, json_response({}))
    await body_of(await send(content=b"x" * size))
    assert upstream.requests[0].body == b"x" * size
    assert upstream.requests[0].header("Content-Length") == str(size)


async def test_a_form_with_a_file_arrives(send, upstream):
    upstream.on("POST", "/v1/audio", json_response({}))
    await body_of(await send(path="/v1/audio", content=None, files={"file": ("a.wav", b"RIFF")}))
    assert b'filename="a.wav"' in upstream.requests[0].body


async def test_a_body_of_unknown_length_is_sent_in_chunks(send, upstream):
    async def parts():
        yield b"{"
        yield b"}"

    await body_of(await send(content=parts()))
    assert upstream.requests[0].body == b"{}"
    assert upstream.requests[0].header("Transfer-Encoding") == "chunked"


async def test_chunks_are_handed_on_as_they_arrive(send, upstream):
    upstream.on("POST", CHAT, hang(head(Transfer_Encoding="chunked") + chunk(b"data: 1\n\n")))
    response = await send()
    assert await anext(aiter(response.stream)) == b"data: 1\n\n"
    await response.aclose()


async def test_a_connection_is_used_again(send, upstream):
    for _ in range(3):
        await body_of(await send())
    assert (len(upstream.requests), upstream.connections) == (3, 1)


async def test_cookies_are_not_sent_back(send, upstream):
    upstream.on("POST", CHAT, json_response({}, headers={"Set-Cookie": "s=1; Path=/"}))
    for _ in range(2):
        await body_of(await send())
    assert [request.header("Cookie") for request in upstream.requests] == [None, None]


async def test_redirects_are_not_followed(send, upstream):
    upstream.on("POST", CHAT, json_response({}, status=307, headers={"Location": "/v1/models"}))
    assert (await send()).status_code == 307
    assert len(upstream.requests) == 1


async def test_proxies_of_the_environment_are_not_used(send, upstream, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert (await send()).status_code == 200


async def test_a_proxy_is_asked_for_the_whole_url():
    with ScriptedUpstream() as proxy:
        proxy.on("GET", "http://upstream.invalid/*", json_response({"object": "list"}))
        transport = AiohttpTransport(proxy=f"http://127.0.0.1:{proxy.port}", allow_private=False)
        request = httpx.Request("GET", "http://upstream.invalid/v1/a%3Ab")
        assert (await transport.handle_async_request(request)).status_code == 200
        await transport.aclose()
    assert proxy.requests[0].target == "http://upstream.invalid/v1/a%3Ab"


async def test_an_abandoned_response_closes_its_connection(send, upstream):
    upstream.on("POST", CHAT, sse(*range(1000), delay=0.01))
    response = await send()
    await anext(aiter(response.stream))
    await response.aclose()
    await response.aclose()
    assert await asyncio.to_thread(upstream.wait_for_disconnect, 1)


async def test_a_response_that_was_never_read_closes_its_connection(send, upstream):
    upstream.on("POST", CHAT, hang(head(Content_Length=9)))
    await (await send()).aclose()
    assert await asyncio.to_thread(upstream.wait_for_disconnect, 1)


async def test_cancellation_closes_the_connection(send, upstream):
    upstream.on("POST", CHAT, hang())
    sending = asyncio.ensure_future(send())
    assert await asyncio.to_thread(upstream.wait_for_request)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await asyncio.to_thread(upstream.wait_for_disconnect, 1)


async def test_closing_the_transport_closes_idle_connections_and_ends_it(transport, send):
    await body_of(await send())
    await transport.aclose()
    with pytest.raises(TransportStoppedError):
        await send()


async def test_an_upstream_that_compresses_unasked_is_read(send, upstream):
    packed = gzip.compress(b'{"ok": true}')
    answer = head(Content_Encoding="gzip", Content_Length=len(packed), X_Id=1) + packed
    upstream.on("POST", CHAT, raw(answer))
    response = await send()
    assert response.headers.raw == [(b"X-Id", b"1")]
    assert await body_of(response) == b'{"ok": true}'


async def test_a_gzip_bomb_ends_at_the_limit(upstream):
    bomb = gzip.compress(bytes(50_000_000))
    upstream.on("POST", CHAT, close_after(head(Content_Encoding="gzip") + bomb))
    transport = AiohttpTransport(decoded_limit_bytes=1_000_000)
    response = await sender(transport, upstream)()
    pieces: list[bytes] = []
    with pytest.raises(httpx.DecodingError, match="too large"):
        await collect(response, pieces)
    assert sum(map(len, pieces)) <= 1_000_000
    await transport.aclose()


async def test_a_response_that_arrives_slowly_but_steadily_is_not_idle(send, upstream):
    upstream.on("POST", CHAT, drip(b"12345678", every=0.1, before=head(Content_Length=8)))
    timeouts = Timeouts(connect=1, first_byte=1, idle=0.4, total=5)
    assert await body_of(await send(timeouts=timeouts)) == b"12345678"


async def test_the_end_of_all_time_is_not_taken_for_silence(send, upstream):
    upstream.on("POST", CHAT, drip(b"12345678", every=0.2, before=head(Content_Length=8)))
    response = await send(timeouts=replace(PATIENT, total=0.5))
    with pytest.raises(OutOfTimeError):
        await body_of(response)


async def test_silence_does_not_count_while_the_reader_is_away(send, upstream):
    upstream.on("POST", CHAT, sse("1", "2"))
    response = await send(timeouts=replace(PATIENT, idle=0.5))
    stream = aiter(response.stream)
    first = await anext(stream)
    await asyncio.sleep(1)  # the reader is busy for twice the idle timeout
    assert b"".join([first, *[piece async for piece in stream]]).endswith(b"[DONE]\n\n")
    await response.aclose()
