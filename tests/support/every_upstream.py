"""The API in process before one fake upstream of every kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson

from accounts.models import ApiKey, User
from connections.models import Connection
from models_registry.models import ModelGrant
from models_registry.registry import active
from proxy.client_side.handler import ApiHandler
from tests.support.fake_providers import success
from tests.support.in_process import in_process

# The model of each connection, after whose family some translations go; and the connection.
UPSTREAMS: dict[str, dict[str, str]] = {
    "gpt-4o": {"provider": "openai"},
    "gpt-5.4": {"provider": "openai", "model": "gpt-5.4"},
    "o5-responses": {"provider": "openai", "api_type": "responses"},
    "deepseek-v4": {"provider": "compatible", "base_url": "https://chats-alone.example/v1"},
    "claude-opus-4-1": {"provider": "anthropic"},
    "claude-opus-4-8": {"provider": "anthropic"},
    "qwen3": {"provider": "ollama", "api_type": "native"},
    "piped": {"provider": "pipelines"},
    "anthropic/claude-opus-4.5": {"provider": "openrouter"},
}
# Every upstream lists them, and the one that has filters is asked for them.
FILTER = {"type": "filter", "pipelines": ["piped"], "priority": 0}
LISTED = [*({"id": model} for model in UPSTREAMS), {"id": "a_filter", "pipeline": FILTER}]


def provide() -> str:
    """Connections, grants and a user in the database. Returns the user's key."""
    for place, (model, fields) in enumerate(UPSTREAMS.items()):
        Connection.objects.create(
            name=f"upstream-{place}",
            auth_type="none",
            model_ids=[model],
            provider=fields["provider"],
            api_type=fields.get("api_type", ""),
            base_url=fields.get("base_url", f"https://upstream-{place}.example/v1"),
        )
    ModelGrant.objects.create(pattern="*", everyone=True)
    return ApiKey.objects.issue(User.objects.create(username="ada"))[1]


class EveryUpstream:
    """Answers as ``answer`` does, and keeps the calls; lists of models are no calls."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response] = success) -> None:
        self.answer = answer
        self.calls: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if request.method == "GET":
            return httpx.Response(200, json={"data": LISTED})
        if "/filter/" in request.url.path:  # it changes nothing
            return httpx.Response(200, json=orjson.loads(request.content)["body"])
        self.calls.append(request)
        has_chats_alone = request.url.host.startswith("chats-alone")
        if has_chats_alone and request.url.path.endswith("/responses"):
            return httpx.Response(404, json={"detail": "Not Found"})
        return self.answer(request)

    @property
    def last(self) -> tuple[str, Any]:
        """Where the last call went, and the JSON that it held."""
        return str(self.calls[-1].url), orjson.loads(self.calls[-1].content)


@asynccontextmanager
async def serving(upstream: EveryUpstream) -> AsyncIterator[ApiHandler]:
    """The API over what ``provide`` has put into the database, with a list from each upstream."""
    async with in_process(upstream) as api:
        await active().settled()
        yield api
