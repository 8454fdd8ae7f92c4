"""Upstreams that a socket asks in vain, in the process of the test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from accounts.models import ApiKey, User
from connections.calling.client import UpstreamClient, owned_responses
from connections.models import Connection
from models_registry.registry import Registry, activate
from proxy.websockets.api_socket import ApiSocket
from proxy.websockets.upstream_sockets import ResponsesConsumer
from tests.support.processes import PATIENCE_SECONDS
from usage.exchange import StopReason
from usage.in_flight import in_flight

FIRST = {"type": "websocket.receive", "text": json.dumps({"model": "talk"})}


class Upstream:
    """Opens no socket: it refuses, or thinks for ever."""

    def __init__(self) -> None:
        self.thinks = False
        self.asked = asyncio.Event()
        self.bodies: list[Closable] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/models"):
            return httpx.Response(404)
        self.asked.set()
        if self.thinks:
            await asyncio.Event().wait()
        self.bodies.append(Closable())
        return httpx.Response(401, stream=self.bodies[-1])


class Closable(httpx.AsyncByteStream):
    """Nothing, and whether it was closed."""

    is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{}"

    async def aclose(self) -> None:
        self.is_closed = True


class Unclosable(Closable):
    async def aclose(self) -> None:
        raise EOFError


class Client:
    """Says ``messages``, and leaves when its ``answers`` are complete or its socket is closed.

    ``owned`` is how many responses the socket held on to at each answer.
    """

    def __init__(self, key: str, *messages: dict[str, str], answers: int) -> None:
        self.scope = {
            "type": "websocket",
            "path": "/v1/responses",
            "query_string": b"",
            "headers": [(b"host", b"testserver"), (b"authorization", f"Bearer {key}".encode())],
        }
        self._messages = [{"type": "websocket.connect"}, *messages]
        self._awaited = answers
        self._is_over = asyncio.Event()
        self.heard: list[dict[str, Any]] = []
        self.owned: list[int] = []

    async def receive(self) -> dict[str, str]:
        if self._messages:
            return self._messages.pop(0)
        await self._is_over.wait()
        return {"type": "websocket.disconnect", "code": 1000}  # type: ignore[dict-item]

    async def send(self, message: dict[str, Any]) -> None:
        self.heard.append(message)
        if message["type"] == "websocket.send":
            self.owned.append(len(owned_responses.get() or ()))
        if message["type"] == "websocket.close" or len(self.owned) == self._awaited:
            self._is_over.set()


@pytest.fixture
async def upstream(transactional_db) -> AsyncIterator[Upstream]:
    """What serves ``talk`` to staff."""
    await Connection.objects.acreate(
        name="one", base_url="https://one.example/v1", auth_type="none", model_ids=["talk"]
    )
    upstream = Upstream()
    registry = Registry(UpstreamClient(httpx.MockTransport(upstream)))
    await registry.reload()
    activate(registry)
    yield upstream
    activate(None)
    await registry.stop()


@pytest.fixture
def key(transactional_db) -> str:
    return ApiKey.objects.issue(User.objects.create(username="ada", is_staff=True))[1]


async def test_a_socket_keeps_nothing_of_openings_that_failed(key, upstream) -> None:
    client = Client(key, FIRST, FIRST, FIRST, answers=3)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await ResponsesConsumer()(client.scope, client.receive, client.send)
    assert [body.is_closed for body in upstream.bodies] == [True] * 3
    assert client.owned == [0, 0, 0]


async def test_a_socket_that_is_stopped_as_it_opens_is_closed_at_once(key, upstream) -> None:
    upstream.thinks = True
    client = Client(key, FIRST, FIRST, answers=9)
    consumer = ResponsesConsumer()
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
        tasks.create_task(consumer(client.scope, client.receive, client.send))
        await upstream.asked.wait()
        (exchange,) = in_flight
        exchange.stop(StopReason.ACCESS_WITHDRAWN)
    _accepted, told, closed = client.heard
    assert json.loads(told["text"])["error"]["code"] == "access_withdrawn"
    assert (closed["type"], closed["code"]) == ("websocket.close", 1008)


@pytest.mark.parametrize(("others", "error"), [([], ConnectionError), ([Unclosable()], EOFError)])
async def test_what_was_opened_is_closed_whatever_the_socket_s_end(key, others, error) -> None:
    opened = Closable()

    class Failing(ApiSocket):
        async def connect(self) -> None:
            owned = owned_responses.get()
            assert owned is not None
            owned.extend([*others, opened, *others])
            await self.close()

        async def let_go(self) -> None:
            raise ConnectionError

    client = Client(key, answers=0)
    with pytest.raises(error):
        await Failing()(client.scope, client.receive, client.send)
    assert opened.is_closed
