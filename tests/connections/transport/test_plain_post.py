"""POSTs whose heads are written by hand, beside those that go through aiohttp's session."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from connections.transport.plain_post import head_of, whole_post
from connections.transport.request_body import SLICE_BYTES
from connections.upstream import Timeouts
from tests.connections.transport.conftest import CHAT, PATIENT
from tests.support.upstream import hang, head, json_response, raw

URL = "http://upstream.example:8080/v1/a%2Fb%3A?x=%3A#part"
HOST = b"Host: upstream.example:8080\r\n"


def post(*headers: tuple[str, str], content: bytes = b"{}", url: str = URL) -> httpx.Request:
    """As adapters make them: without a header that they have not set."""
    request = httpx.Request("POST", url, headers=list(headers), stream=httpx.ByteStream(content))
    request.read()
    return request


def written(request: httpx.Request) -> bytes | None:
    body = whole_post(request)
    return None if body is None else head_of(request, HOST, length=len(body))


async def read(response: httpx.Response) -> bytes:
    try:
        return b"".join([piece async for piece in response.stream])
    finally:
        await response.aclose()


def test_a_head_holds_the_headers_as_they_are() -> None:
    headers = [(b"X-Team", b"a"), (b"x-team", "ü".encode()), (b"content-length", b"2")]
    request = httpx.Request("POST", URL, headers=headers, stream=httpx.ByteStream(b"{}"))
    assert head_of(request, HOST, length=2) == (
        b"POST /v1/a%2Fb%3A?x=%3A HTTP/1.1\r\nHost: upstream.example:8080\r\n"
        b"X-Team: a\r\nx-team: \xc3\xbc\r\ncontent-length: 2\r\n\r\n"
    )


def test_a_host_of_the_request_takes_the_place_of_the_urls() -> None:
    head = written(post(("content-length", "2"), ("host", "other.example")))
    assert head is not None
    assert head.split(b"\r\n")[1:3] == [b"host: other.example", b"content-length: 2"]


@pytest.mark.parametrize(
    "request_",
    [
        httpx.Request("GET", URL),
        post(content=b""),
        post(("content-length", "2"), ("Expect", "100-continue")),
        post(("content-length", "2"), ("Transfer-Encoding", "chunked")),
        post(("content-length", "3")),
        post(("content-length", "2"), ("Content-Length", "2")),
        post(),
        post(("content-length", "2"), url="http://user:word@upstream.example/v1"),
        post(("content-length", str(SLICE_BYTES + 1)), content=b"x" * (SLICE_BYTES + 1)),
        httpx.Request("POST", URL, files={"file": ("a.wav", b"RIFF")}),
    ],
    ids=lambda request: request.method,
)
def test_what_takes_more_than_writing_goes_through_the_session(request_) -> None:
    assert written(request_) is None


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\0"])
async def test_a_head_that_would_be_read_as_more_is_not_sent(send, upstream, end) -> None:
    for header in ((f"X-A{end}X-B", "c"), ("X-A", f"b{end}X-C: d")):
        with pytest.raises(httpx.LocalProtocolError):
            await send(headers=[header])
    assert upstream.requests == []


@pytest.mark.parametrize("size", [1, SLICE_BYTES, SLICE_BYTES + 1])
async def test_a_body_and_its_head_arrive_either_way(send, upstream, size) -> None:
    upstream.on("POST", CHAT, json_response({}))
    for _ in range(2):
        await read(await send(headers=[("X-Team", "a")], content=b"x" * size))
    assert [request.body for request in upstream.requests] == [b"x" * size] * 2
    assert upstream.requests[0].headers == upstream.requests[1].headers
    assert upstream.requests[0].header("Host") == f"127.0.0.1:{upstream.port}"
    assert upstream.connections == 1


async def test_interim_responses_are_passed_over(send, upstream) -> None:
    upstream.on("POST", CHAT, raw(head(103) + head(200, Content_Length=2) + b"ok"))
    response = await send()
    assert (response.status_code, await read(response)) == (200, b"ok")


async def test_a_timeout_drops_the_connection(send, upstream) -> None:
    upstream.on("POST", CHAT, hang())
    timeouts = Timeouts(connect=5, first_byte=0.2, idle=5, total=5)
    with pytest.raises(httpx.ReadTimeout):
        await send(timeouts=timeouts)
    assert await asyncio.to_thread(upstream.wait_for_disconnect)


async def test_a_cancellation_stays_one_and_drops_the_connection(send, upstream) -> None:
    upstream.on("POST", CHAT, hang())
    sending = asyncio.create_task(send(timeouts=PATIENT))
    await asyncio.to_thread(upstream.wait_for_request)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await asyncio.to_thread(upstream.wait_for_disconnect)
