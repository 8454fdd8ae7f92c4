"""Every way a call can fail, as the error that says whether it may be tried again.

``ConnectError`` and ``ConnectTimeout`` say that the upstream saw nothing of the request.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from pathlib import Path

import httpx
import pytest
import trustme

from connections.request_extensions import TIMEOUTS_EXTENSION
from connections.transport import AiohttpTransport
from connections.upstream import Timeouts
from tests.connections.transport.conftest import CHAT, sender
from tests.support.upstream import (
    ScriptedUpstream,
    chunk,
    close_after,
    drip,
    hang,
    head,
    json_response,
    raw,
    reset_after,
    reset_before_response,
    stall_reading,
)

CHUNKED = head(Transfer_Encoding="chunked")
FDS = Path("/proc/self/fd")
BRIEF = Timeouts(connect=5, first_byte=0.2, idle=0.2, total=5)


async def read(response: httpx.Response) -> bytes:
    try:
        return b"".join([piece async for piece in response.stream])
    finally:
        await response.aclose()


async def get(transport: AiohttpTransport, url: str, **extensions: object) -> httpx.Response:
    return await transport.handle_async_request(httpx.Request("GET", url, extensions=extensions))


def open_sockets() -> int:
    return sum("socket" in str(fd.readlink()) for fd in FDS.iterdir() if fd.is_symlink())


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


# Not sent.


async def test_a_refused_connection_is_not_sent(transport, closed_port):
    with pytest.raises(httpx.ConnectError):
        await get(transport, f"http://127.0.0.1:{closed_port}/v1/models")


async def test_an_unknown_host_is_not_sent(transport):
    with pytest.raises(httpx.ConnectError, match="cannot be resolved"):
        await get(transport, "http://upstream.invalid/v1/models")


async def test_a_host_that_accepts_nobody_is_not_sent(transport):
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for waiting in (first, second):  # they fill the queue, and nobody accepts
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        timeouts = Timeouts(connect=0.2, first_byte=5, idle=5, total=5)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(httpx.ConnectTimeout):
            await get(transport, url, **{TIMEOUTS_EXTENSION: timeouts})


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "ws://127.0.0.1/", "http:///v1", "/v1"])
async def test_what_is_not_an_http_url_is_not_sent(transport, url):
    with pytest.raises(httpx.UnsupportedProtocol):
        await get(transport, url)


async def test_a_header_that_would_forge_another_is_not_sent(send, upstream):
    with pytest.raises(httpx.LocalProtocolError):
        await send(headers={"X-Team": "a\r\nX-Admin: 1"})
    assert upstream.requests == []


# TLS.


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_upstream(authority):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedUpstream(tls=context) as server:
        yield server


async def test_an_unknown_certificate_is_not_sent(transport, tls_upstream):
    with pytest.raises(httpx.ConnectError, match="TLS"):
        await sender(transport, tls_upstream)()
    assert tls_upstream.requests == []


async def test_verification_can_be_left_out(transport, tls_upstream):
    response = await sender(transport, tls_upstream)(verify_tls=False)
    assert response.status_code == 200


async def test_a_ca_file_is_used_and_for_its_own_requests_only(
    transport, tls_upstream, authority, tmp_path
):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    send = sender(transport, tls_upstream)
    assert await read(await send(verify_tls=tmp_path / "ca.pem"))
    with pytest.raises(httpx.ConnectError, match="TLS"):
        await send(verify_tls=True)


@pytest.mark.parametrize("content", [None, "", "not a certificate"])
async def test_a_ca_file_that_cannot_be_read_is_named(transport, tls_upstream, tmp_path, content):
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(httpx.ConnectError, match=r"The CA file ca\.pem cannot be read"):
        await sender(transport, tls_upstream)(verify_tls=tmp_path / "ca.pem")


async def test_a_handshake_without_an_answer_is_not_sent(transport, upstream):
    timeouts = Timeouts(connect=0.3, first_byte=5, idle=5, total=5)
    url = f"https://127.0.0.1:{upstream.port}/v1/models"  # it waits for a request in plain HTTP
    with pytest.raises(httpx.ConnectTimeout):
        await get(transport, url, **{TIMEOUTS_EXTENSION: timeouts})


async def test_an_abandoned_tls_response_closes_its_connection(transport, tls_upstream):
    tls_upstream.on("POST", CHAT, hang(head(Content_Length=9) + b"1"))
    await (await sender(transport, tls_upstream)(verify_tls=False)).aclose()
    assert await asyncio.to_thread(tls_upstream.wait_for_disconnect, 1)


# Maybe processed.


@pytest.mark.parametrize(
    ("responder", "error"),
    [
        (reset_before_response, httpx.ReadError),
        (close_after(b""), httpx.RemoteProtocolError),
        (close_after(b"HTTP/1.1 200 OK\r\nContent-"), httpx.RemoteProtocolError),
        (raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), httpx.RemoteProtocolError),
        (raw(head(X_Huge="x" * 100_000)), httpx.RemoteProtocolError),
        (raw(head(**{f"x-{i}": i for i in range(1000)})), httpx.RemoteProtocolError),
        (raw(head(101, Upgrade="other", Connection="upgrade")), httpx.RemoteProtocolError),
        (hang(), httpx.ReadTimeout),
        (drip(head(Content_Length=0), every=0.05), httpx.ReadTimeout),
    ],
)
async def test_a_failure_before_the_response_may_have_been_processed(
    send, upstream, responder, error
):
    upstream.on("POST", CHAT, responder)
    with pytest.raises(error):
        await send(timeouts=BRIEF)
    assert len(upstream.requests) == 1


async def test_a_stalled_upload_ends_by_the_timeout(send, upstream):
    upstream.on("POST", CHAT, stall_reading)
    with pytest.raises(httpx.ReadTimeout):
        await send(content=b"x" * 20_000_000, timeouts=BRIEF)
    assert upstream.wait_for_request()


@pytest.mark.skipif(not FDS.exists(), reason="counts sockets the way Linux shows them")
async def test_a_stalled_upload_leaves_no_socket(send, upstream):
    upstream.on("POST", CHAT, stall_reading)
    before = open_sockets()
    with pytest.raises(httpx.ReadTimeout):
        await send(content=b"x" * 20_000_000, timeouts=BRIEF)
    await asyncio.sleep(0)
    assert open_sockets() == before + 1  # the upstream's own end, which it does not look at


async def test_the_total_timeout_holds_before_the_response_too(send, upstream):
    upstream.on("POST", CHAT, hang())
    with pytest.raises(httpx.ReadTimeout):
        await send(timeouts=Timeouts(connect=5, first_byte=5, idle=5, total=0.2))


async def test_a_post_on_a_dropped_connection_is_not_repeated(send, upstream):
    upstream.on("POST", CHAT, json_response({}), reset_before_response, json_response({}))
    await read(await send())
    with pytest.raises(httpx.ReadError):
        await send()
    assert (len(upstream.requests), upstream.connections) == (2, 1)


async def test_a_get_on_a_dropped_connection_is_repeated_once(send, upstream):
    models = "/v1/models"
    upstream.on("GET", models, json_response({}), reset_before_response, json_response({}))
    await read(await send("GET", models))
    assert (await send("GET", models)).status_code == 200
    assert (len(upstream.requests), upstream.connections) == (3, 2)


# Mid-stream.


@pytest.mark.parametrize(
    "responder",
    [
        reset_after(head(Content_Length=9) + b"1"),
        reset_after(CHUNKED + chunk(b"1")),
        reset_after(head() + b"1"),
        close_after(head(Content_Length=9) + b"1"),
        close_after(CHUNKED + chunk(b"1")),
        drip(b"zz\r\n", every=0.05, before=CHUNKED + chunk(b"1")),
    ],
)
async def test_a_broken_body_is_an_error_and_not_an_end(send, upstream, responder):
    upstream.on("POST", CHAT, responder)
    response = await send()
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await read(response)


async def test_a_body_that_ends_with_its_connection_is_whole(send, upstream):
    upstream.on("POST", CHAT, close_after(head() + b"data: 1\n\n"))
    assert await read(await send()) == b"data: 1\n\n"


async def test_silence_in_mid_stream_ends_by_the_idle_timeout(send, upstream):
    upstream.on("POST", CHAT, hang(CHUNKED + chunk(b"1")))
    response = await send(timeouts=BRIEF)
    with pytest.raises(httpx.ReadTimeout, match="silent"):
        await read(response)
    assert await asyncio.to_thread(upstream.wait_for_disconnect, 1)


async def test_a_slow_drip_ends_by_the_total_timeout(send, upstream):
    upstream.on("POST", CHAT, drip(b"x" * 1000, every=0.02, before=head(Content_Length=1000)))
    response = await send(timeouts=Timeouts(connect=5, first_byte=5, idle=5, total=0.3))
    with pytest.raises(httpx.ReadTimeout, match="too long"):
        await read(response)


async def test_the_total_timeout_holds_while_the_reader_is_away(send, upstream):
    upstream.on("POST", CHAT, hang(CHUNKED + chunk(b"1")))
    response = await send(timeouts=Timeouts(connect=5, first_byte=5, idle=5, total=0.2))
    assert await asyncio.to_thread(upstream.wait_for_disconnect, 1)
    with pytest.raises(httpx.ReadTimeout):
        await read(response)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"{}" * 100)[:-9]),
        ("gzip", b"not gzip"),
        ("br", b"\x0b\x01\x80{}\x03"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}"))),
    ],
    ids=["cut short", "no gzip", "unknown", "packed twice"],
)
async def test_what_cannot_be_decoded_is_said_to_be(send, upstream, encoding, body):
    answer = head(Content_Encoding=encoding, Content_Length=len(body)) + body
    upstream.on("POST", CHAT, raw(answer))
    response = await send()
    with pytest.raises(httpx.DecodingError):
        await read(response)
