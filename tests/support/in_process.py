"""The API in the process of the test, with an upstream that never sees a network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson

from connections.calling.client import UpstreamClient
from models_registry.registry import Registry, activate
from proxy.client_side.handler import ApiHandler
from tests.support.asgi import AsgiClient


class RecordingUpstream:
    """Answers each POST with ``answer``, an object or a function of the request; keeps them all."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if request.url.path.endswith("/models"):
            return httpx.Response(404)
        self.requests.append(request)
        answer = self.answer(request) if callable(self.answer) else self.answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    @property
    def last(self) -> httpx.Request:
        return self.requests[-1]

    @property
    def body(self) -> Any:
        """The JSON that came last."""
        return orjson.loads(self.last.content)


@asynccontextmanager
async def in_process(upstream: Callable[[httpx.Request], Any]) -> AsyncIterator[ApiHandler]:
    """The API over the connections that the database holds."""
    registry = Registry(UpstreamClient(httpx.MockTransport(upstream)))
    await registry.reload()
    activate(registry)
    yield ApiHandler()
    activate(None)
    await registry.stop()


async def post(api: ApiHandler, key: str, path: str, body: Any, **headers: str) -> AsgiClient:
    """A POST of JSON, or of bytes as they are."""
    fields = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    sent = body if isinstance(body, bytes) else orjson.dumps(body)
    return await AsgiClient("POST", path, headers=fields, body=[sent]).through(api)
