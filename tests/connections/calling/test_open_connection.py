from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from connections.auth.base import AuthUnavailableError
from connections.calling.client import UpstreamClient, owned_responses
from connections.calling.key_pools import KeyPools
from connections.calling.open_connection import OpenConnection, OpenConnections
from connections.errors import MidStreamError, NotSentError
from connections.request_extensions import TIMEOUTS_EXTENSION, VERIFY_TLS_EXTENSION
from connections.upstream import UpstreamKey
from tests.support.builders import SECRET, Chunks, a_call, a_response, an_upstream


class Transport(httpx.MockTransport):
    """Remembers what it was asked with."""

    def __init__(self, response: httpx.Response | None = None) -> None:
        super().__init__(lambda _: response or httpx.Response(200, stream=Chunks(b"{}")))
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return await super().handle_async_request(request)


async def test_a_call_is_signed_and_timed_as_the_connection_says(settings) -> None:
    settings.GATEWAY_CONNECT_TIMEOUT = 3
    settings.GATEWAY_STREAM_IDLE_TIMEOUT = 20
    settings.GATEWAY_STREAM_MAX_SECONDS = 90
    transport = Transport()
    connection = OpenConnection.open(an_upstream(timeout_seconds=7.0, verify_tls=False))
    for is_streamed in (False, True):
        await connection.send(UpstreamClient(transport), a_call({"stream": is_streamed}))
    whole, streamed = (request.extensions for request in transport.requests)
    timeouts = whole[TIMEOUTS_EXTENSION]
    assert (timeouts.connect, timeouts.first_byte, timeouts.total) == (3, 7.0, 7.0)
    timeouts = streamed[TIMEOUTS_EXTENSION]
    assert (timeouts.connect, timeouts.first_byte, timeouts.idle, timeouts.total) == (3, 7, 20, 90)
    assert whole[VERIFY_TLS_EXTENSION] is False


async def test_connecting_never_takes_longer_than_the_call_may() -> None:
    assert OpenConnection.open(an_upstream(timeout_seconds=1.0)).timeouts.connect == 1.0


async def test_a_url_that_is_none_is_not_sent() -> None:
    transport = Transport()
    connection = OpenConnection.open(an_upstream(base_url="http://☃.example/v1"))
    with pytest.raises(NotSentError):
        await connection.send(UpstreamClient(transport), a_call())
    assert transport.requests == []


@pytest.mark.parametrize("is_named", [False, True])
async def test_what_keeps_a_request_from_being_signed_is_logged(caplog, is_named) -> None:
    key = UpstreamKey(id="1", secret="", hint="env:THE_KEY")
    connection = OpenConnection.open(an_upstream("one", keys=(key,)))
    with pytest.raises(AuthUnavailableError):
        await connection.send(
            UpstreamClient(Transport()),
            a_call(request_id="req_1"),
            key=key if is_named else None,
        )
    assert caplog.messages == [
        "one was not asked for req_1: The environment variable THE_KEY is not set, or empty."
    ]


async def test_redirects_are_not_followed() -> None:
    moved = httpx.Response(302, headers={"location": "https://evil.example"}, stream=Chunks())
    transport = Transport(moved)
    response = await OpenConnection.open(an_upstream()).send(UpstreamClient(transport), a_call())
    assert (response.status, len(transport.requests)) == (302, 1)


async def test_cookies_are_not_kept() -> None:
    transport = Transport(httpx.Response(200, headers={"set-cookie": "a=b"}, stream=Chunks()))
    connection = OpenConnection.open(an_upstream())
    for _ in range(2):
        await connection.send(UpstreamClient(transport), a_call())
    assert all("cookie" not in request.headers for request in transport.requests)


async def test_a_request_owns_the_responses_it_opened() -> None:
    owned: list = []
    token = owned_responses.set(owned)
    try:
        response = await OpenConnection.open(an_upstream()).send(
            UpstreamClient(Transport()), a_call()
        )
    finally:
        owned_responses.reset(token)
    assert owned == [response]


async def test_a_body_is_read_up_to_a_limit() -> None:
    assert await a_response(b"ab", b"cd").read(limit=4) == b"abcd"
    with pytest.raises(MidStreamError, match="too large"):
        await a_response(b"ab", b"cde").read(limit=4)


def test_a_line_lives_on_while_nothing_about_its_upstream_changes() -> None:
    connections = OpenConnections()
    one, two = an_upstream("one"), an_upstream("two", id=2)
    first, second = connections.to([one, two])
    again = connections.to([replace(two), replace(one, priority=3)])
    assert again[0] is second
    assert again[1] is not first


def test_a_line_that_is_dropped_does_not_come_back() -> None:
    connections = OpenConnections()
    [first] = connections.to([an_upstream()])
    assert connections.to([]) == []
    assert connections.to([an_upstream()]) != [first]


def signed(transport: Transport) -> list[str]:
    return [request.headers.get("authorization", "") for request in transport.requests]


@pytest.mark.parametrize("status", [401, 429])
async def test_a_named_key_alone_signs(status) -> None:
    transport = Transport(httpx.Response(status, stream=Chunks()))
    connection = OpenConnection.open(an_upstream(secrets=("a", "b")))
    assert connection.keys is not None
    for _ in range(2):
        key = connection.keys.all[1]
        response = await connection.send(UpstreamClient(transport), a_call(), key=key)
        assert response.status == status
    assert signed(transport) == ["Bearer b", "Bearer b"]


async def test_a_key_for_other_models_does_not_sign() -> None:
    key = UpstreamKey(id="1", secret=SECRET, hint="…6d5e", model_patterns=("o3*",))
    transport = Transport()
    connection = OpenConnection.open(an_upstream(keys=(key,)))
    with pytest.raises(AuthUnavailableError, match="No key of the connection is for the model"):
        await connection.send(UpstreamClient(transport), a_call())
    assert transport.requests == []


@pytest.mark.parametrize("fields", [{"auth_type": "session"}, {"auth_type": "none"}, {"keys": ()}])
def test_a_connection_without_keys_has_no_pool(fields) -> None:
    assert OpenConnection.open(an_upstream(**fields)).keys is None


@pytest.mark.parametrize(
    ("edit", "is_remembered"),
    [
        ({"priority": 3}, True),
        ({"base_url": "https://two.example/v1"}, False),
        ({"keys": (UpstreamKey(id="one-0", secret="sk-new"),)}, False),
    ],
    ids=["priority", "address", "secret"],
)
def test_an_edit_leaves_keys_as_they_were_at_their_address(edit, is_remembered) -> None:
    connections = OpenConnections(KeyPools())
    upstream = an_upstream()
    assert upstream.keys[0].id == "one-0"
    [first] = connections.to([upstream])
    first.keys.kill(upstream.keys[0], "401")
    [second] = connections.to([replace(upstream, **edit)])
    assert (second.keys.usable("m") is None) is is_remembered
