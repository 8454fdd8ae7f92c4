from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import httpx
import pytest

from connections.auth.none import NoAuth
from connections.calling.client import UpstreamClient, UpstreamResponse, close_all, owned_responses
from connections.errors import (
    MaybeProcessedError,
    MidStreamError,
    NotSentError,
    OutOfTimeError,
)
from connections.request_extensions import (
    CALL_EXTENSION,
    PROXY_EXTENSION,
    TIMEOUTS_EXTENSION,
    VERIFY_TLS_EXTENSION,
)
from connections.upstream import Timeouts, Upstream

TIMEOUTS = Timeouts(connect=1, first_byte=2, idle=3, total=4)
NO_AUTH = NoAuth(
    Upstream(
        id=1,
        name="one",
        url_index=0,
        provider="openai",
        base_url="http://upstream",
        auth_type="none",
    )
)


class Body(httpx.AsyncByteStream):
    """Yields ``parts``, raising those that are errors, and notes that it was closed."""

    def __init__(self, *parts: bytes | Exception) -> None:
        self.parts = parts
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            if isinstance(part, Exception):
                raise part
            yield part

    async def aclose(self) -> None:
        self.is_closed = True


class RetryAuth(httpx.Auth):
    """Asks once more, with another key, when the first is refused."""

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        request.headers["Authorization"] = "first"
        response = yield request
        if response.status_code == 401:
            request.headers["Authorization"] = "second"
            yield request


class FailingAuth(httpx.Auth):
    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        yield request
        raise LookupError("no key is left")


def answering(*responses: httpx.Response | Exception) -> tuple[UpstreamClient, list[httpx.Request]]:
    """A client whose upstream answers with these, one after another, and the requests it got."""
    turns = iter(responses)
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(httpx.Request(request.method, request.url, headers=request.headers))
        requests[-1].extensions = request.extensions
        turn = next(turns)
        if isinstance(turn, Exception):
            raise turn
        return turn

    return UpstreamClient(httpx.MockTransport(answer)), requests


async def send(client: UpstreamClient, auth: httpx.Auth = NO_AUTH) -> UpstreamResponse:
    request = httpx.Request("POST", "http://upstream/v1", extensions={CALL_EXTENSION: "kept"})
    return await client.send(request, auth=auth, timeouts=TIMEOUTS, verify_tls=False)


async def test_timeouts_and_verification_travel_with_the_request():
    client, requests = answering(httpx.Response(200))
    await send(client)
    assert requests[0].extensions == {
        CALL_EXTENSION: "kept",
        TIMEOUTS_EXTENSION: TIMEOUTS,
        VERIFY_TLS_EXTENSION: False,
        PROXY_EXTENSION: "",
    }


async def test_an_auth_flow_may_ask_again_and_what_it_looked_at_is_closed():
    refused = Body(b"no")
    client, requests = answering(httpx.Response(401, stream=refused), httpx.Response(200))
    response = await send(client, RetryAuth())
    assert response.status == 200
    assert [request.headers["Authorization"] for request in requests] == ["first", "second"]
    assert refused.is_closed


async def test_an_auth_flow_that_fails_closes_the_response():
    body = Body(b"{}")
    client, _ = answering(httpx.Response(200, stream=body))
    with pytest.raises(LookupError):
        await send(client, FailingAuth())
    assert body.is_closed


@pytest.mark.parametrize(
    ("error", "expected", "is_timeout"),
    [
        (httpx.ConnectError("x"), NotSentError, False),
        (httpx.ConnectTimeout("x"), NotSentError, True),
        (httpx.PoolTimeout("x"), NotSentError, True),
        (httpx.UnsupportedProtocol("x"), NotSentError, False),
        (httpx.ReadError("x"), MaybeProcessedError, False),
        (httpx.WriteError("x"), MaybeProcessedError, False),
        (httpx.RemoteProtocolError("x"), MaybeProcessedError, False),
        (httpx.ReadTimeout("x"), MaybeProcessedError, True),
    ],
)
async def test_errors_say_whether_the_upstream_saw_the_request(error, expected, is_timeout):
    client, _ = answering(error)
    with pytest.raises(expected) as caught:
        await send(client)
    assert (type(caught.value), caught.value.is_timeout) == (expected, is_timeout)


@pytest.mark.parametrize(
    ("error", "is_timeout"),
    [
        (httpx.ReadError("http://secret"), False),
        (httpx.ReadTimeout("http://secret"), True),
        (httpx.DecodingError("http://secret"), False),
    ],
)
async def test_a_body_that_breaks_off_is_a_mid_stream_error(error, is_timeout):
    client, _ = answering(httpx.Response(200, stream=Body(b"1", error)))
    chunks = (await send(client)).chunks()
    assert await anext(chunks) == b"1"
    with pytest.raises(MidStreamError) as caught:
        await anext(chunks)
    assert caught.value.is_timeout is is_timeout
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("error", "has_broken"),
    [(httpx.ReadTimeout("silent"), True), (OutOfTimeError("too long"), False)],
)
async def test_a_body_that_takes_too_long_may_be_its_readers_fault(error, has_broken):
    client, _ = answering(httpx.Response(200, stream=Body(b"1", error)))
    response = await send(client)
    with pytest.raises(MidStreamError):
        await response.read(limit=9)
    assert response.has_broken is has_broken


async def test_a_body_is_read_up_to_its_limit():
    client, _ = answering(*(httpx.Response(200, stream=Body(b"12", b"34")) for _ in range(2)))
    assert await (await send(client)).read(limit=4) == b"1234"
    with pytest.raises(MidStreamError, match="too large"):
        await (await send(client)).read(limit=3)


async def test_the_request_at_hand_owns_its_responses():
    client, _ = answering(httpx.Response(401), httpx.Response(200), httpx.ConnectError("x"))
    owned: list[UpstreamResponse] = []
    owned_responses.set(owned)
    response = await send(client, RetryAuth())
    with pytest.raises(NotSentError):
        await send(client)
    assert owned == [response]


async def test_closing_a_response_closes_its_body():
    body = Body(b"1")
    client, _ = answering(httpx.Response(200, stream=body))
    await (await send(client)).aclose()
    assert body.is_closed


class Opened:
    """Raises ``failure`` when it is closed, or waits for ever if that is ``None``."""

    def __init__(self, failure: Exception | None) -> None:
        self.failure = failure
        self.was_asked = asyncio.Event()

    async def aclose(self) -> None:
        self.was_asked.set()
        if self.failure is None:
            await asyncio.Event().wait()
        else:
            raise self.failure


async def test_all_are_closed_although_some_fail_and_the_first_error_is_raised():
    opened, body = [Opened(ValueError("first")), Opened(OSError("second"))], Body()
    with pytest.raises(ValueError, match="first"):
        await close_all([*opened, body])
    assert opened[1].was_asked.is_set()
    assert body.is_closed


async def test_all_are_closed_when_the_task_is_cancelled_meanwhile():
    opened, body = [Opened(ValueError("first")), Opened(None)], Body()
    closing = asyncio.create_task(close_all([*opened, body]))
    await opened[1].was_asked.wait()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert body.is_closed
