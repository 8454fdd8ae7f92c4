"""Values of the request path, made of nothing but what a test cares about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from uuid import UUID

import httpx

from accounts.caller import Caller
from connections.call import Call
from connections.calling.client import UpstreamResponse
from connections.calling.open_connection import OpenConnection
from connections.configuration.options import Options
from connections.upstream import Upstream, UpstreamKey
from models_registry.grants import Grants
from models_registry.listings import Listing
from models_registry.registration import Registration
from models_registry.routed import routed
from models_registry.snapshot import Snapshot
from models_registry.targets import Target, offer_of
from resilience.route import Route, Routes
from usage.exchange import Exchange

SECRET = "sk-upstream-0123456789abcdef"
OPTIONS = Options(
    enable_openai_api=True,
    bypass_model_access_control=False,
    models_cache_ttl=60,
    forward_user_info_headers=False,
)


def a_caller(**fields: object) -> Caller:
    defaults = {
        "user_id": 7,
        "username": "ada",
        "email": "ada@example.com",
        "display_name": "Ada Lovelace",
        "is_staff": False,
        "group_ids": frozenset(),
        "key_id": UUID(int=7),
        "key_hint": "sk-gw-…7777",
    }
    return Caller(**(defaults | fields))


def an_upstream(name: str = "one", *, secrets: Iterable[str] = (SECRET,), **fields: object):
    """An upstream at ``https://<name>.example/v1`` with a key for each of ``secrets``."""
    defaults = {
        "id": 1,
        "url_index": 0,
        "provider": "compatible",
        "base_url": f"https://{name}.example/v1",
        "auth_type": "bearer",
        "keys": tuple(
            UpstreamKey(id=f"{name}-{n}", secret=secret, hint=f"…{n}")
            for n, secret in enumerate(secrets)
        ),
        "timeout_seconds": 5.0,
    }
    return Upstream(name=name, **(defaults | fields))


def a_call(body: dict | None = None, **fields: object) -> Call:
    """A chat with ``gpt-4o``, unless ``fields`` say otherwise."""
    defaults = {
        "endpoint": "chat/completions",
        "model": "gpt-4o",
        "body": {"model": "gpt-4o", "messages": []} if body is None else body,
        "caller": a_caller(),
        "request_id": "req_1",
    }
    return Call(**(defaults | fields))


def a_target(upstream: Upstream | None = None, model: str = "gpt-4o") -> Target:
    return the_targets(upstream or an_upstream(), model)[0]


def the_targets(
    upstream: Upstream, *models: str | dict, is_stale: bool = False, **registered: Registration
) -> list[Target]:
    """What a connection to ``upstream`` offers when it lists ``models``, ids or whole entries."""
    entries = tuple({"id": model} if isinstance(model, str) else model for model in models)
    listing = Listing(models=entries, asked_at=1.0, is_stale=is_stale)
    return list(offer_of(OpenConnection.open(upstream), listing, registered).targets)


def a_snapshot(
    *targets: Target,
    grants: Grants | None = None,
    options: Options = OPTIONS,
    routes: Iterable[Route] = (),
) -> Snapshot:
    connections = tuple(dict.fromkeys(target.connection for target in targets))
    known = Routes(by_model={route.model: route for route in routes})
    return Snapshot(
        targets=[*targets, *routed(targets, known)],
        grants=grants or Grants(),
        options=options,
        connections=connections,
        routes=known,
    )


def an_exchange(**fields: object) -> Exchange:
    defaults = {
        "request_id": "req_1",
        "caller": a_caller(),
        "endpoint": "chat/completions",
        "model": "gpt-4o",
    }
    return Exchange(**(defaults | fields))


class Chunks(httpx.AsyncByteStream):
    """A body that arrives as ``parts``; one that is an exception is raised at its turn."""

    def __init__(self, *parts: bytes | Exception) -> None:
        self._parts = parts
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            if isinstance(part, Exception):
                raise part
            yield part

    async def aclose(self) -> None:
        self.is_closed = True


def a_response(*parts: bytes | Exception, status: int = 200) -> UpstreamResponse:
    """An upstream's response whose body arrives as ``parts``."""
    return UpstreamResponse(httpx.Response(status, stream=Chunks(*parts)))
