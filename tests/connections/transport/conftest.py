from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx
import pytest
import uvloop

from connections.request_extensions import TIMEOUTS_EXTENSION, VERIFY_TLS_EXTENSION
from connections.transport import AiohttpTransport
from connections.upstream import Timeouts
from tests.support.processes import PATIENCE_SECONDS
from tests.support.upstream import ScriptedUpstream

Send = Callable[..., Awaitable[httpx.Response]]
CHAT = "/v1/chat/completions"
PATIENT = Timeouts(**dict.fromkeys(("connect", "first_byte", "idle", "total"), PATIENCE_SECONDS))


def pytest_asyncio_loop_factories(config, item):
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream() as server:
        yield server


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    transport = AiohttpTransport()
    yield transport
    await transport.aclose()


@pytest.fixture
def send(transport: AiohttpTransport, upstream: ScriptedUpstream) -> Send:
    return sender(transport, upstream)


def sender(transport: AiohttpTransport, upstream: ScriptedUpstream) -> Send:
    """Sends to ``upstream``: ``await send("POST", path, content=…, timeouts=…, verify_tls=…)``."""

    async def send(
        method: str = "POST",
        path: str = CHAT,
        *,
        timeouts: Timeouts = PATIENT,
        verify_tls: object = True,
        **kwargs: object,
    ) -> httpx.Response:
        if method == "POST":
            kwargs.setdefault("content", b"{}")
        request = httpx.Request(method, upstream.url.removesuffix("/v1") + path, **kwargs)
        request.extensions = {
            TIMEOUTS_EXTENSION: timeouts,
            VERIFY_TLS_EXTENSION: verify_tls,
        }
        return await transport.handle_async_request(request)

    return send
