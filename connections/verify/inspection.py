"""A verification while it goes on: what is known so far, and how the upstream is asked."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import httpx

from accounts.caller import Caller
from connections.auth.base import AuthStrategy
from connections.auth.registry import strategy_for
from connections.call import Call
from connections.calling.client import UpstreamClient, UpstreamResponse
from connections.calling.model_lists import LARGEST_LIST_BYTES
from connections.providers.openai import OpenAIAdapter
from connections.providers.registry import adapter_for
from connections.request_extensions import CALL_EXTENSION
from connections.rules.destination import DEFAULT_PORTS
from connections.upstream import Timeouts, Upstream, UpstreamKey
from connections.verify.texts import Redactor
from wire_formats.json_types import JsonObject
from wire_formats.provider_errors import error_in_body


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response that was read. ``message`` is the upstream's own word on an error, fit to show."""

    status: int
    headers: httpx.Headers
    body: bytes = field(repr=False)
    message: str = ""

    @property
    def is_page(self) -> bool:
        """Whether this was made for a browser."""
        content_type = self.headers.get("content-type", "")
        return content_type.startswith("text/html") or self.body.lstrip()[:1] == b"<"


@dataclass(slots=True, kw_only=True)
class Inspection:
    """``deadline`` is a time of the loop's clock. Each step adds what it learned."""

    upstream: Upstream
    client: UpstreamClient
    deadline: float
    model: str = ""
    caller: Caller = field(default_factory=Caller.system)
    credential: str = field(default="", repr=False)
    addresses: list[str] = field(default_factory=list)
    list_answer: Answer | None = None
    models: list[JsonObject] = field(default_factory=list)
    redactor: Redactor = field(init=False)
    strategies: dict[Upstream, AuthStrategy] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.redactor = Redactor(self.upstream)

    @property
    def scheme(self) -> str:
        return urlsplit(self.upstream.base_url).scheme

    @property
    def host(self) -> str:
        return urlsplit(self.upstream.base_url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.upstream.base_url).port or DEFAULT_PORTS[self.scheme]

    @property
    def adapter(self) -> OpenAIAdapter:
        return adapter_for(self.upstream)

    def use_only(self, key: UpstreamKey) -> None:
        """Go on with ``key`` alone."""
        self.upstream = replace(self.upstream, keys=(key,))

    def call(self, endpoint: str, body: JsonObject | None = None) -> Call:
        """A call on behalf of the user who verifies the connection."""
        return Call(
            endpoint=endpoint,
            model=self.model,
            body=body or {},
            caller=self.caller,
            request_id=f"verify-{uuid.uuid4()}",
            credential=self.credential,
        )

    async def ask(self, request: httpx.Request, *, key: UpstreamKey | None = None) -> Answer:
        """Sign with ``key``, or as the connection does, and read the whole answer.

        Raises ``UpstreamError`` and ``AuthUnavailableError``.
        """
        async with self.sent(request, key=key) as response:
            return await self.read(response)

    async def read(self, response: UpstreamResponse) -> Answer:
        """Raises ``UpstreamError``."""
        body = await response.read(LARGEST_LIST_BYTES)
        return Answer(
            status=response.status,
            headers=response.headers,
            body=body,
            message=self.redactor.quoted(error_in_body(body).message),
        )

    @asynccontextmanager
    async def sent(
        self, request: httpx.Request, *, key: UpstreamKey | None = None
    ) -> AsyncIterator[UpstreamResponse]:
        """The response to ``request``, closed in the end. Raises as :meth:`ask` does."""
        upstream = self.upstream if key is None else replace(self.upstream, keys=(key,))
        if upstream not in self.strategies:
            self.strategies[upstream] = strategy_for(upstream)
        auth = self.strategies[upstream]
        request.extensions.setdefault(CALL_EXTENSION, self.call("models"))
        left = max(self.deadline - asyncio.get_running_loop().time(), 0.001)
        response = await self.client.send(
            request,
            auth=auth,
            timeouts=Timeouts(connect=left, first_byte=left, idle=left, total=left),
            verify_tls=upstream.verify_tls,
            proxy=upstream.proxy,
        )
        self.redactor.learn(response.secrets)
        try:
            yield response
        finally:
            await response.aclose()
