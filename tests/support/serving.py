"""A gateway of a test's own before one scripted upstream, which anybody may use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.api import client_of, wait_for_models
from tests.support.live import LiveGateway, live_gateway
from tests.support.stores import BACKINGS, Stores
from tests.support.upstream import ScriptedUpstream


def open_to_all(gateway: LiveGateway, upstream: ScriptedUpstream, **fields: Any) -> str:
    """Connect ``gateway`` to ``upstream``, and return a key once its models are offered."""
    connection = {"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"], **fields}
    grants = [{"models": ["*"], "everyone": True}]
    key = gateway.configured_for("alice", connections=[connection], grants=grants)
    with client_of(gateway, key) as client:
        wait_for_models(client, *(model["id"] for model in upstream.models))
    return key


@contextmanager
def gateway_before(
    upstream: ScriptedUpstream, stores: Stores, directory: Path, **environment: str
) -> Iterator[tuple[LiveGateway, str]]:
    """A gateway that serves, with ``environment``, and a key for it."""
    with live_gateway(stores, BACKINGS[0], directory, **environment) as gateway:
        yield gateway, open_to_all(gateway, upstream)
